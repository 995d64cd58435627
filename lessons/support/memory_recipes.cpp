#include "lessons/support/memory_recipes.hpp"

#include "core/base/check.hpp"

namespace qlab::lessons {

Text label_of(TrainingMethod method) {
  switch (method) {
    case TrainingMethod::full: return {"Full fine-tuning", "全参数微调"};
    case TrainingMethod::lora: return {"LoRA", "LoRA"};
    case TrainingMethod::qlora: break;
  }
  return {"QLoRA", "QLoRA"};
}

Text label_of(step::Part part) {
  switch (part) {
    case step::Part::outside: return {"Outside the layers", "层外"};
    case step::Part::residual: return {"Residual", "残差"};
    case step::Part::attention: return {"Attention", "注意力"};
    case step::Part::mlp: return {"MLP", "MLP"};
    case step::Part::norm: break;
  }
  return {"Norms", "归一化"};
}

TrainingMethod method_from(const std::string& id) {
  QLAB_CHECK(id == "full" || id == "lora" || id == "qlora");
  return id == "full" ? TrainingMethod::full : id == "lora" ? TrainingMethod::lora : TrainingMethod::qlora;
}

StepSettings recipe(TrainingMethod method, const ModelShape& shape, const RecipeSizes& sizes) {
  StepSettings settings;
  settings.method = method;
  settings.batch = sizes.batch;
  settings.seq = sizes.seq;
  settings.optimizer = Optimizer::adamw_fused;
  if (method != TrainingMethod::full) settings.lora = LoraSettings{sizes.rank, lora_targets(shape, "qkvo"), 0};
  return settings;
}

Text said_by(const Text& place, const std::string& en, const std::string& zh) {
  return {place.en + "; truth: " + en, place.zh + "；真值：" + zh};
}

}  // namespace qlab::lessons
