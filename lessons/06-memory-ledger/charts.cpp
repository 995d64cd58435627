#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "core/base/check.hpp"
#include "lessons/06-memory-ledger/memory_ledger.hpp"

namespace qlab::lessons::memory_ledger {
namespace {

const Text memory_label{"Memory", "显存"};

/// One slider's way along an axis: which figure it sets, and what the axis is called.
struct SliderAxis {
  const char* parameter;
  char letter;
  Text label;
  std::int64_t Sliders::*figure;
  std::int64_t multiple = 1;  ///< values along the axis are multiples of it
};

const SliderAxis hidden_axis{
    "hidden_size", 'H', {"Hidden size H", "隐藏维度 H"}, &Sliders::hidden_size, 128};  // whole heads
const SliderAxis layer_axis{"num_layers", 'L', {"Layers L", "层数 L"}, &Sliders::num_layers};
const SliderAxis length_axis{"seq_length", 'T', {"Sequence length T", "序列长度 T"}, &Sliders::seq_length};
const SliderAxis vocabulary_axis{"vocab_size", 'V', {"Vocabulary V", "词表大小 V"}, &Sliders::vocab_size};

const ParameterSpec& spec_of(const Parameters& parameters, const SliderAxis& axis) {
  const ParameterSpec* spec = parameters.find(axis.parameter);
  QLAB_CHECK(spec != nullptr);
  return *spec;
}

/// At most `count` values over the slider's range, evenly or by equal factors as the slider goes.
std::vector<double> values_along(const ParameterSpec& spec, const SliderAxis& axis, int count) {
  const auto multiple = static_cast<double>(axis.multiple);
  std::vector<double> values;
  for (int i = 0; i < count; ++i) {
    const double share = static_cast<double>(i) / (count - 1);
    const double raw = spec.logarithmic ? spec.minimum * std::pow(spec.maximum / spec.minimum, share)
                                        : spec.minimum + (spec.maximum - spec.minimum) * share;
    const double value = std::clamp(std::round(raw / multiple) * multiple, spec.minimum, spec.maximum);
    if (values.empty() || value > values.back()) values.push_back(value);
  }
  return values;
}

Axis axis_of(const Parameters& parameters, const SliderAxis& axis) {
  return {.label = axis.label, .logarithmic = spec_of(parameters, axis).logarithmic};
}

ReferenceLine present_value(const Sliders& sliders, const SliderAxis& axis, bool vertical) {
  const std::int64_t at = sliders.*axis.figure;
  const std::string text = fmt::format("{} = {}", axis.letter, at);
  return {vertical, static_cast<double>(at), {text, text}};
}

Chart weight_bars(const Sliders& sliders) {
  const ModelShape shape = sliders.shape();
  const auto script = classroom::paged_memory(sliders.stats());
  const StepLedger qlora = sliders.ledger(Method::qlora);
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
       .y = {gib(weight_bytes(shape, WeightStore::bits16).total()), gib(weight_bytes(shape, WeightStore::int8).total()),
             gib(qlora.weights.total()), gib(qlora.model_state())}}};
  chart.note = {
      "Ledger, last bar: NF4 weights, embedding and head in 16 bits, adapters with gradients and AdamW states.",
      "账本的最后一根柱：NF4 权重、16 位的嵌入与输出头、适配器及其梯度和 AdamW 状态。"};
  return chart;
}

Chart method_bars(const Sliders& sliders) {
  const std::array<StepLedger, 3> steps{sliders.ledger(Method::full), sliders.ledger(Method::lora),
                                        sliders.ledger(Method::qlora)};
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
  add("weights", {"Weights", "权重"}, [](const StepLedger& s) { return s.weights.total(); });
  add("activations", {"Activations", "激活"}, [](const StepLedger& s) { return s.activations; });
  add("gradients", {"Gradients", "梯度"}, [](const StepLedger& s) { return s.gradients; });
  add("optimizer_states", {"AdamW states", "AdamW 状态"}, [](const StepLedger& s) { return s.optimizer_states; });
  add("adapters", {"Adapters", "适配器"}, [](const StepLedger& s) { return s.adapters; });
  add("logits", {"Logits and gradient", "logits 及其梯度"}, [](const StepLedger& s) { return s.logits; });
  chart.note = {"No checkpointing, fused attention. Quantizing shrinks the weights only; activations stay as they are.",
                "不用检查点，融合注意力。量化只缩小权重，激活大小不变。"};
  return chart;
}

/// Each grid point is the ledger of a whole QLoRA step.
Chart contour(const char* name, const Sliders& sliders, const Parameters& parameters, const SliderAxis& across,
              const SliderAxis& up) {
  constexpr int points = 41;
  Chart chart;
  chart.name = name;
  chart.kind = ChartKind::heat_map;
  chart.title = {fmt::format("A QLoRA step over {} and {} (ledger)", across.letter, up.letter),
                 fmt::format("QLoRA 一步的显存随 {} 与 {} 的变化（账本）", across.letter, up.letter)};
  chart.x = axis_of(parameters, across);
  chart.y = axis_of(parameters, up);
  chart.z = {.label = memory_label, .unit = "GiB", .logarithmic = true};
  chart.grid.x = values_along(spec_of(parameters, across), across, points);
  chart.grid.y = values_along(spec_of(parameters, up), up, points);
  for (const double y : chart.grid.y) {
    for (const double x : chart.grid.x) {
      Sliders there = sliders;
      there.*across.figure = static_cast<std::int64_t>(x);
      there.*up.figure = static_cast<std::int64_t>(y);
      chart.grid.z.push_back(gib(there.ledger(Method::qlora).total()));
    }
  }
  // GiB that cards are sold with, and doubled beyond either end, so that every map has lines.
  chart.grid.levels = {0.5, 1, 2, 4, 8, 12, 16, 24, 48, 80, 160, 320, 640, 1280, 2560, 5120};
  chart.lines = {present_value(sliders, across, true), present_value(sliders, up, false)};
  chart.note = {
      "Contour lines: sizes of cards up to 80. Weights, adapters with gradients and AdamW, activations 34 B T H L, "
      "logits.",
      "80 以内的等高线取常见显卡的容量。包括权重、适配器及其梯度和 AdamW、激活 34 B T H L、logits。"};
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
  Series logits{.name = "logits", .label = {"Logits and gradient, 8 B T V", "logits 及其梯度，8 B T V"}};
  Series rest{.name = "embedding_and_head", .label = {"Embedding and head, 16 bits", "嵌入与输出头，16 位"}};
  Series linear{.name = "linear_weights", .label = {"All Linears in NF4", "NF4 的全部线性层"}};
  Series layer{.name = "one_layer", .label = {"One layer recomputed", "重算的一层"}};
  for (const double v : values_along(spec_of(parameters, vocabulary_axis), vocabulary_axis, 33)) {
    Sliders there = sliders;
    there.vocab_size = static_cast<std::int64_t>(v);
    const StepLedger step = there.ledger(Method::qlora);
    for (Series* series : {&logits, &rest, &linear, &layer}) series->x.push_back(v);
    logits.y.push_back(gib(step.logits));
    rest.y.push_back(gib(step.weights.embedding + step.weights.lm_head));
    linear.y.push_back(gib(step.weights.linear()));
    layer.y.push_back(gib(layer_activations(there.shape(), there.batch_size, there.seq_length).dense));
  }
  chart.series = {std::move(logits), std::move(rest), std::move(linear), std::move(layer)};
  chart.lines = {present_value(sliders, vocabulary_axis, true)};
  chart.note = {"With every layer checkpointed, the logits or one recomputed layer is the spike on top of the weights.",
                "每层都用检查点时，叠在权重之上的尖峰不是 logits，就是被重算的一层。"};
  return chart;
}

}  // namespace

std::vector<Chart> charts(const Sliders& sliders, const Parameters& parameters) {
  return {weight_bars(sliders),
          method_bars(sliders),
          contour("contour_hl", sliders, parameters, hidden_axis, layer_axis),
          contour("contour_ht", sliders, parameters, hidden_axis, length_axis),
          contour("contour_lt", sliders, parameters, layer_axis, length_axis),
          vocabulary_curve(sliders, parameters)};
}

}  // namespace qlab::lessons::memory_ledger
