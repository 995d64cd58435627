#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "lessons/06-memory-ledger/axes.hpp"
#include "lessons/support/figures.hpp"

namespace qlab::lessons::memory_ledger {
namespace {

const Text memory_label{"Memory", "显存"};

const SliderAxis vocabulary_axis{"vocab_size", 'V', {"Vocabulary V", "词表大小 V"}, &Sliders::vocab_size};

/// The three levels side by side, each as a stack of the same parts.
Chart levels_chart(const Sliders& sliders, const StepLedger& ledger, const StepFigures& step) {
  using step::Category;
  const auto script = classroom::paged_memory(sliders.stats());
  const auto activations = classroom::checkpointing(sliders.stats(), sliders.checkpointed ? 0.5 : 0);
  const bool quantized = sliders.method == TrainingMethod::qlora;
  const auto alive = [&](std::initializer_list<Category> categories) {
    std::int64_t sum = 0;
    for (const Category category : categories) sum += step.breakdown[static_cast<std::size_t>(category)];
    return gib(sum);
  };
  const Text method = label_of(sliders.method);
  Chart chart = chart_of("three_levels", ChartKind::stacked_bars,
                         {"Three levels of truth: " + method.en, "三个层次的真相：" + method.zh});
  chart.x = axis_of_names({{"Classroom", "课堂公式"},
                           {"Ledger: must exist", "账本：必须存在"},
                           {"Simulated step: at its peak", "模拟一步：峰值时刻"}});
  chart.y = axis_from_zero(memory_label, "GiB");
  const auto part = [&](const char* name, Text label, double printed, double exists, double at_peak) {
    chart.series.push_back({.name = name, .label = std::move(label), .x = {0, 1, 2}, .y = {printed, exists, at_peak}});
  };
  part("weights", {"Weights", "权重"}, quantized ? gib(script.int4_bytes) : script.fp16_gb,
       gib(ledger.state.base.total()),
       alive({Category::weights, Category::quantized_weights, Category::quant_constants}));
  part("activations", {"Activations", "激活"}, activations.kept_gb, gib(ledger.activation_total()),
       alive({Category::saved_activations, Category::cast_weights}));
  part("gradients", {"Gradients", "梯度"}, 0, gib(ledger.state.gradients), alive({Category::gradients}));
  part("optimizer_states", {"Optimizer states", "优化器状态"}, quantized ? gib(script.optimizer_bytes) : 0,
       gib(ledger.state.optimizer_state), alive({Category::optimizer_state}));
  part("adapters", {"Adapters", "适配器"}, 0, gib(ledger.state.adapter), alive({Category::adapter}));
  part("logits", {"Logits and loss", "logits 与损失"}, 0, gib(ledger.activations.logits_bytes),
       alive({Category::logits_and_loss}));
  part("temporaries", {"Temporaries", "临时张量"}, 0, 0,
       alive({Category::temporaries, Category::buffers, Category::inputs}));
  chart.note = {"The ledger adds up all tensors; the simulated step knows which of them meet.",
                "账本把所有张量相加；模拟一步知道哪些会同时在场。"};
  return chart;
}

Chart weight_bars(const Sliders& sliders) {
  const ModelShape shape = sliders.shape();
  const auto script = classroom::paged_memory(sliders.stats());
  const StateLedger qlora = sliders.state(TrainingMethod::qlora);
  Chart chart;
  chart.name = "bars";
  chart.kind = ChartKind::grouped_bars;
  chart.title = {"Weights, and what QLoRA trains", "权重与 QLoRA 训练的部分"};
  chart.x.categories = {{"FP16 weights", "FP16 权重"},
                        {"INT8 weights", "INT8 权重"},
                        {"4-bit weights", "4 位权重"},
                        {"4-bit + optimizer", "4 位 + 优化器"}};
  chart.y = {.label = memory_label, .unit = "GiB"};
  const std::vector<double> positions{0, 1, 2, 3};
  chart.series = {
      {.name = "classroom",
       .label = {"Classroom: 12 H² L parameters", "课堂公式：12 H² L 个参数"},
       .x = positions,
       .y = {script.fp16_gb, gib(script.int8_bytes), gib(script.int4_bytes), script.qlora_gb}},
      {.name = "ledger",
       .label = {"Ledger: every tensor counted", "账本：逐个张量计算"},
       .x = positions,
       .y = {gib(weight_bytes(shape, WeightStore::plain).total()), gib(weight_bytes(shape, WeightStore::int8).total()),
             gib(weight_bytes(shape, WeightStore::bits4_double).total()), gib(qlora.total())}}};
  chart.note = {"Ledger, last bar: NF4 weights, embedding and head in fp32, adapters with gradients and AdamW states.",
                "账本的最后一根柱：NF4 权重、fp32 的嵌入与输出头、适配器及其梯度和 AdamW 状态。"};
  return chart;
}

Chart method_bars(const Sliders& sliders) {
  const std::array<StepLedger, 3> steps{ledger_of(sliders, TrainingMethod::full),
                                        ledger_of(sliders, TrainingMethod::lora),
                                        ledger_of(sliders, TrainingMethod::qlora)};
  Chart chart;
  chart.name = "methods";
  chart.kind = ChartKind::stacked_bars;
  chart.title = {"One training step, part by part (ledger)", "一个训练步的各个部分（账本）"};
  chart.x.categories = {{"Full fine-tuning", "全参数微调"}, {"LoRA", "LoRA"}, {"QLoRA", "QLoRA"}};
  chart.y = {.label = memory_label, .unit = "GiB"};
  const auto add = [&](const char* name, const Text& label, auto bytes) {
    chart.series.push_back({.name = name,
                            .label = label,
                            .x = {0, 1, 2},
                            .y = {gib(bytes(steps[0])), gib(bytes(steps[1])), gib(bytes(steps[2]))}});
  };
  // In this order neighbours differ most in colour, and what is never large comes last.
  add("weights", {"Weights", "权重"}, [](const StepLedger& s) { return s.state.base.total(); });
  add("activations", {"Activations", "激活"}, [](const StepLedger& s) { return s.activation_total(); });
  add("gradients", {"Gradients", "梯度"}, [](const StepLedger& s) { return s.state.gradients; });
  add("optimizer_states", {"AdamW states", "AdamW 状态"}, [](const StepLedger& s) { return s.state.optimizer_state; });
  add("adapters", {"Adapters", "适配器"}, [](const StepLedger& s) { return s.state.adapter; });
  add("logits", {"Logits and gradient", "logits 及其梯度"},
      [](const StepLedger& s) { return s.activations.logits_bytes; });
  chart.note = {"Everything that must exist, at once or not. Quantizing shrinks the weights, not the activations.",
                "必须存在的全部张量，不论是否同时。量化缩小的是权重，不是激活。"};
  return chart;
}

/// The moment of the loss with every layer checkpointed: what grows with V, and what it passes.
Chart vocabulary_curve(const Sliders& sliders, const Parameters& parameters) {
  Chart chart;
  chart.name = "vocabulary";
  chart.kind = ChartKind::line;
  chart.title = {"A larger vocabulary (ledger)", "词表变大的代价（账本）"};
  chart.x = {.label = vocabulary_axis.label};  // even where the slider is not: what is proportional to V looks so
  chart.y = {.label = memory_label, .unit = "GiB", .minimum = 0.0};
  Series logits{.name = "logits", .label = {"Logits and gradients, 12 B T V", "logits 及其梯度，12 B T V"}};
  Series rest{.name = "embedding_and_head", .label = {"Embedding and head", "嵌入与输出头"}};
  Series linear{.name = "linear_weights", .label = {"All Linears in NF4", "NF4 的全部线性层"}};
  Series layer{.name = "one_layer", .label = {"One layer recomputed", "重算的一层"}};
  for (const double v : values_along(spec_of(parameters, vocabulary_axis), vocabulary_axis, 17)) {
    Sliders there = sliders;
    there.vocab_size = static_cast<std::int64_t>(v);
    const StepLedger step = ledger_of(there, TrainingMethod::qlora);
    for (Series* series : {&logits, &rest, &linear, &layer}) series->x.push_back(v);
    logits.y.push_back(gib(step.activations.logits_bytes));
    rest.y.push_back(gib(step.state.base.embedding + step.state.base.lm_head));
    linear.y.push_back(gib(step.state.base.linear()));
    layer.y.push_back(gib(step.activations.layer_bytes));
  }
  chart.series = {std::move(logits), std::move(rest), std::move(linear), std::move(layer)};
  chart.lines = {present_value(sliders, vocabulary_axis, true)};
  chart.note = {"With every layer checkpointed, the logits or one recomputed layer is the spike on top of the weights.",
                "每层都用检查点时，叠在权重之上的尖峰不是 logits，就是被重算的一层。"};
  return chart;
}

}  // namespace

std::vector<Chart> charts(const Sliders& sliders, const Parameters& parameters, const StepLedger& ledger,
                          const StepFigures& step) {
  return {levels_chart(sliders, ledger, step), weight_bars(sliders), method_bars(sliders),
          vocabulary_curve(sliders, parameters)};
}

}  // namespace qlab::lessons::memory_ledger
