// Printed memory figures in circulation, each computed anew from the model it is about. `truth` is always a second way:
// published parameter counts times bytes, never the ledger's own sums. GB here is 1e9 bytes unless a label says GiB.
#include <array>
#include <string>
#include <utility>

#include "lessons/06-memory-ledger/memory_ledger.hpp"

namespace qlab::lessons::memory_ledger {
namespace {

// LLaMA's parameter counts as published with the checkpoints, in 1e9; what is no Linear is embedding, head and norms.
constexpr double parameters_7b = 6.738415616;
constexpr double parameters_65b = 65.285660672;
constexpr double not_linear_7b = (2 * 32000 * 4096 + 65 * 4096) / 1e9;
constexpr double not_linear_65b = (2 * 32000 * 8192 + 161 * 8192) / 1e9;
constexpr double linear_7b = parameters_7b - not_linear_7b;
constexpr double linear_65b = parameters_65b - not_linear_65b;
constexpr double nf4_double_bits = 4 + 8.0 / 64 + 32.0 / (64 * 256);  ///< QLoRA paper, section 3
constexpr double adapters_7b = 32 * 4 * 16 * (4096 + 4096) / 1e9;     ///< r = 16 on q, k, v, o of 32 layers
constexpr double adapter_bytes = 4 + 4 + 8;                           ///< fp32 weight, gradient, two AdamW states
constexpr double gb_per_gib = bytes_per_GB / bytes_per_GiB;

const Text script{"a tutorial's script", "某教程的脚本"};
const Text principle{"a course page on principles", "某课程的原理页"};
const Text task{"a practice task", "某实践任务"};

Text said_by(const Text& place, const std::string& en, const std::string& zh) {
  return {place.en + "; truth: " + en, place.zh + "；真值：" + zh};
}

struct Models {
  ModelShape llama_7b, llama_13b, llama_65b;
};

Result<Models> load_models(const Context& context) {
  Models models;
  for (const auto& [file, shape] :
       {std::pair("llama-7b.json", &models.llama_7b), std::pair("llama-13b.json", &models.llama_13b),
        std::pair("llama-65b.json", &models.llama_65b)}) {
    auto loaded = load_model_shape(context.assets / "models" / file);
    if (!loaded) return loaded.error();
    *shape = *std::move(loaded);
  }
  return models;
}

/// The explainer script at its defaults, whose model is LLaMA 7B's H and L.
void add_script_claims(const ModelShape& model, std::vector<Check>& checks) {
  const StepLedger qlora = step_ledger(model, {.method = Method::qlora});
  const StepLedger full = step_ledger(model, {.method = Method::full});
  const auto script_parameters = static_cast<double>(classroom::parameter_count({}));
  checks.push_back(make_claim_check(
      "parameters_by_rule", {"Parameters of a 7B model by 12 H² L, 1e9", "按 12 H² L 计算的 7B 参数量，1e9"},
      static_cast<double>(count_parameters(model).total()) / 1e9, parameters_7b, 1e-9, script_parameters / 1e9, 0.34,
      said_by(script, "the published count; the rule leaves out embedding and head and is 4.4 % low",
              "公布的参数量；该公式不含嵌入与输出头，低 4.4 %")));
  checks.push_back(make_claim_check(
      "fp16_training", {"Training that model in 16 bits, GiB", "以 16 位训练该模型，GiB"}, gib(full.model_state()),
      12 * parameters_7b * gb_per_gib, 1e-6, 12.0, 0.5,
      said_by(script, "12 bytes a parameter; 12 GiB is the weights alone, with no gradient and no optimizer",
              "每个参数 12 字节；12 GiB 只是权重，没有梯度和优化器")));
  checks.push_back(make_claim_check(
      "qlora_optimizer", {"Optimizer states of QLoRA at 7B, GiB", "7B QLoRA 的优化器状态，GiB"},
      gib(qlora.optimizer_states), 8 * adapters_7b * gb_per_gib, 1e-9, 6.0, 0.3,
      said_by(script, "AdamW keeps states for the 16.8 million adapter parameters only, not for the 4-bit weights",
              "AdamW 只为 1680 万个适配器参数保存状态，不为 4 位权重保存")));
  checks.push_back(make_claim_check(
      "qlora_total", {"QLoRA at 7B before the first token, GiB", "7B QLoRA 在读入第一个词元之前，GiB"},
      gib(qlora.model_state()),
      (linear_7b * nf4_double_bits / 8 + 2 * not_linear_7b + adapter_bytes * adapters_7b) * gb_per_gib, 1e-3, 9.0, 0.45,
      said_by(script, "4.127 bits a linear weight, 16 bits for the rest, 16 bytes an adapter parameter",
              "每个线性权重 4.127 位，其余 16 位，每个适配器参数 16 字节")));
}

void add_65b_claims(const ModelShape& model, std::vector<Check>& checks) {
  const WeightBytes bits16 = weight_bytes(model, WeightStore::bits16);
  const WeightBytes nf4 = weight_bytes(model, WeightStore::nf4_double);
  const StepLedger full = step_ledger(model, {.method = Method::full});
  const double nf4_total = linear_65b * nf4_double_bits / 8 + 2 * not_linear_65b;
  checks.push_back(make_claim_check("weights_65b_fp16", {"Weights of 65B in 16 bits, GB", "65B 的 16 位权重，GB"},
                                    gb(bits16.total()), 2 * parameters_65b, 1e-6, 130, 1,
                                    said_by(principle, "2 bytes a parameter", "每个参数 2 字节")));
  checks.push_back(make_claim_check("weights_65b_fp32", {"Weights of 65B in fp32, GB", "65B 的 fp32 权重，GB"},
                                    4 * static_cast<double>(count_parameters(model).total()) / 1e9, 4 * parameters_65b,
                                    1e-6, 260, 2, said_by(principle, "4 bytes a parameter", "每个参数 4 字节")));
  checks.push_back(make_claim_check(
      "training_65b_fp16", {"Full fine-tuning of 65B in 16 bits, GB", "65B 全参数 16 位微调，GB"},
      gb(full.model_state()), 12 * parameters_65b, 1e-6, 130, 5,
      said_by(principle,
              "weights and gradients in 16 bits and AdamW in fp32 are 12 bytes a parameter (the QLoRA "
              "paper's \"> 780 GB\"); fp32 master weights make it 16",
              "16 位权重与梯度加 fp32 AdamW，每个参数 12 字节（QLoRA 论文的“> 780 GB”）；再加 fp32 主权重为 16 字节")));
  checks.push_back(
      make_claim_check("lora_65b", {"LoRA on 65B: the frozen 16-bit weights, GB", "65B 的 LoRA：冻结的 16 位权重，GB"},
                       gb(step_ledger(model, {.method = Method::lora}).weights.total()), 2 * parameters_65b, 1e-6, 65,
                       3, said_by(principle, "freezing a weight does not halve it", "冻结权重不会让它减半")));
  checks.push_back(make_claim_check("qlora_65b",
                                    {"QLoRA on 65B: the Linears in 4 bits, GB", "65B 的 QLoRA：4 位线性层，GB"},
                                    gb(nf4.linear()), linear_65b * nf4_double_bits / 8, 1e-3, 30, 1.5,
                                    said_by(principle, "4.127 bits a linear weight", "每个线性权重 4.127 位")));
  checks.push_back(make_claim_check(
      "qlora_65b_on_24", {"QLoRA on 65B: all weights, for a card of 24 GB", "65B 的 QLoRA：全部权重，对 24 GB 的卡"},
      gb(nf4.total()), nf4_total, 1e-3, 24, 1,
      said_by(principle, "with embedding and head in 16 bits; the paper trains it on a 48 GB card",
              "含 16 位的嵌入与输出头；论文用 48 GB 的卡训练它")));
  checks.push_back(make_claim_check("int8_65b",
                                    {"QLoRA in 8 bits on 65B: the Linears, GB", "65B 的 8 位 QLoRA：线性层，GB"},
                                    gb(weight_bytes(model, WeightStore::int8).codes), linear_65b, 1e-6, 50, 2.5,
                                    said_by(principle, "one byte a linear weight", "每个线性权重 1 字节")));
}

void add_compression_claims(const ModelShape& model, std::vector<Check>& checks) {
  const WeightBytes nf4 = weight_bytes(model, WeightStore::nf4_double);
  const double times_smaller = gb(weight_bytes(model, WeightStore::bits16).linear()) / gb(nf4.linear());
  checks.push_back(
      make_claim_check("four_bit_is_a_quarter", {"4-bit weights are so many times smaller", "4 位权重缩小的倍数"},
                       times_smaller, 16 / nf4_double_bits, 1e-3, 4, 0.1,
                       said_by(principle, "16 / 4.127, for the weights only; a whole training run shrinks by far less",
                               "16 / 4.127，而且只对权重成立；整个训练缩小得少得多")));
  const double bytes_a_weight = gb(nf4.linear()) / gb(quantized_linears(model).weights);
  checks.push_back(make_claim_check(
      "over_100b_on_one_card",
      {"Weights of a 100B model in 4 bits, for a consumer card of 24 GB",
       "100B 模型的 4 位权重，对 24 GB 的消费级卡，GB"},
      100 * bytes_a_weight, 100 * nf4_double_bits / 8, 1e-3, 24, 1,
      said_by(principle, "100e9 × 4.127 bits, before adapters and activations", "100e9 × 4.127 位，未计适配器和激活")));
}

/// The practice task's sums for a 7B model.
void add_7b_claims(const ModelShape& model, std::vector<Check>& checks) {
  const StepLedger full = step_ledger(model, {.method = Method::full});
  const StepLedger lora = step_ledger(model, {.method = Method::lora});
  const StepLedger qlora = step_ledger(model, {.method = Method::qlora});
  const auto parameters = static_cast<double>(full.trainable_parameters);
  constexpr double printed_activations = 10;
  checks.push_back(make_claim_check(
      "full_7b_fp16_states",
      {"Full fine-tuning of 7B with AdamW states in fp16, GB", "7B 全参数微调，AdamW 状态为 fp16，GB"},
      (2 + 2 + 4) * parameters / 1e9 + printed_activations, 8 * parameters_7b + 10, 1e-6, 66, 3,
      said_by(task, "8 bytes a parameter and the printed 10 GB of activations: its sum 14 + 28 + 14 + 10 is right",
              "每个参数 8 字节，加上文中的 10 GB 激活：14 + 28 + 14 + 10 加得对")));
  checks.push_back(make_claim_check(
      "full_7b_fp32_states", {"The same as it is usually done, before activations, GB", "通常的做法，未计激活，GB"},
      (gb(full.model_state()) + 4 * parameters / 1e9), 16 * parameters_7b, 1e-6, 66, 3,
      said_by(task, "16 bytes a parameter: fp32 states and fp32 master weights",
              "每个参数 16 字节：fp32 状态与 fp32 主权重")));
  checks.push_back(
      make_claim_check("lora_7b", {"LoRA on 7B before activations, GB", "7B 的 LoRA，未计激活，GB"},
                       gb(lora.model_state()), 2 * parameters_7b + adapter_bytes * adapters_7b, 1e-6, 14.2, 0.7,
                       said_by(task, "2 bytes a weight, 16 an adapter parameter; its own terms add to 14.12",
                               "每个权重 2 字节，每个适配器参数 16 字节；文中各项之和是 14.12")));
  checks.push_back(make_claim_check(
      "qlora_7b", {"QLoRA on 7B before activations, GB", "7B 的 QLoRA，未计激活，GB"}, gb(qlora.model_state()),
      linear_7b * nf4_double_bits / 8 + 2 * not_linear_7b + adapter_bytes * adapters_7b, 1e-3, 3.7, 0.2,
      said_by(task, "embedding and head stay in 16 bits and adapters have gradients; its own terms add to 3.62",
              "嵌入与输出头仍是 16 位，适配器还有梯度；文中各项之和是 3.62")));
  checks.push_back(make_claim_check(
      "adapters_7b", {"Adapters, r = 16 on q, k, v, o of 7B, MB", "7B 上 q、k、v、o 的 r = 16 适配器，MB"},
      static_cast<double>(qlora.adapters) / 1e6, 4e3 * adapters_7b, 1e-6, 40, 4,
      said_by(task, "4 bytes a parameter as PEFT keeps them (33.6 in fp16)",
              "PEFT 每个参数存 4 字节（fp16 为 33.6）")));
  checks.push_back(make_claim_check("adapter_states_7b",
                                    {"AdamW states of these adapters, MB", "这些适配器的 AdamW 状态，MB"},
                                    static_cast<double>(qlora.optimizer_states) / 1e6, 8e3 * adapters_7b, 1e-6, 80, 8,
                                    said_by(task, "two fp32 a parameter", "每个参数两个 fp32")));
}

/// "14.5 against 3.8 GB, 73.8 % less": read before any step, so weights and adapters are all that is there.
void add_loading_claims(const ModelShape& model, std::vector<Check>& checks) {
  const StepLedger lora = step_ledger(model, {.method = Method::lora});
  const StepLedger qlora = step_ledger(model, {.method = Method::qlora});
  const double lora_gb = gb(lora.weights.total() + lora.adapters);
  const double qlora_gb = gb(qlora.weights.total() + qlora.adapters);
  const double lora_truth = 2 * parameters_7b + 4 * adapters_7b;
  const double qlora_truth = linear_7b * nf4_double_bits / 8 + 2 * not_linear_7b + 4 * adapters_7b;
  checks.push_back(make_claim_check(
      "loaded_7b_fp16", {"7B loaded in fp16 with adapters, GB", "以 fp16 载入的 7B 加适配器，GB"}, lora_gb, lora_truth,
      1e-6, 14.5, 0.5,
      said_by(task, "read before any step: weights and adapters", "在任何一步之前测得：只有权重和适配器")));
  checks.push_back(
      make_claim_check("loaded_7b_4bit", {"7B loaded in 4 bits with adapters, GB", "以 4 位载入的 7B 加适配器，GB"},
                       qlora_gb, qlora_truth, 1e-3, 3.8, 0.2,
                       said_by(task, "as above; a training step is another matter", "同上；真正的训练步另当别论")));
  checks.push_back(make_claim_check("loaded_7b_saving", {"Saved when loading, %", "载入时节省，%"},
                                    100 * (1 - qlora_gb / lora_gb), 100 * (1 - qlora_truth / lora_truth), 0.01, 73.8, 1,
                                    said_by(task, "from the two above", "由上面两项得出")));
}

void add_trainable_claims(const Models& models, std::vector<Check>& checks) {
  const auto trainable = [](const ModelShape& model) {
    return static_cast<double>(adapter_parameters(model, 16, lora_targets(model, "qkvo")));
  };
  checks.push_back(make_claim_check("trainable_7b",
                                    {"Trainable at 7B, r = 16 on q, k, v, o", "7B 的可训练参数，q、k、v、o 上 r = 16"},
                                    trainable(models.llama_7b), 16'777'216, 0, 4'194'304, 0,
                                    said_by(task, "PEFT's own count; the printed one is, for example, r = 8 on q and v",
                                            "PEFT 自己的计数；印出的数字相当于 q、v 上 r = 8 等配置")));
  checks.push_back(make_claim_check(
      "trainable_13b", {"Trainable at 13B, r = 16 on q, k, v, o", "13B 的可训练参数，q、k、v、o 上 r = 16"},
      trainable(models.llama_13b), 26'214'400, 0, 6'291'456, 0,
      said_by(principle, "PEFT's own count; the printed one is no multiple of 40 layers",
              "PEFT 自己的计数；印出的数字不是 40 层的倍数")));
}

}  // namespace

Result<std::vector<Check>> claims(const Context& context) {
  const auto models = load_models(context);
  if (!models) return models.error();
  std::vector<Check> checks;
  add_script_claims(models->llama_7b, checks);
  add_compression_claims(models->llama_65b, checks);
  add_65b_claims(models->llama_65b, checks);
  add_7b_claims(models->llama_7b, checks);
  add_loading_claims(models->llama_7b, checks);
  add_trainable_claims(*models, checks);
  return checks;
}

}  // namespace qlab::lessons::memory_ledger
