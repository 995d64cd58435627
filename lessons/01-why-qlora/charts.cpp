#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "core/memory/optimizer_memory.hpp"
#include "lessons/01-why-qlora/why_qlora.hpp"
#include "lessons/support/figures.hpp"

namespace qlab::lessons::why_qlora {
namespace {

const Text memory_label{"Memory", "显存"};

/// Cards as they are sold; the axis is in 1e9 bytes.
std::vector<ReferenceLine> cards() {
  std::vector<ReferenceLine> lines;
  for (const int size : {24, 48, 80}) {
    lines.push_back({false,
                     size * bytes_per_GiB / bytes_per_GB,
                     {fmt::format("a card of {} GiB", size), fmt::format("{} GiB 的显卡", size)}});
  }
  return lines;
}

}  // namespace

Chart bytes_chart(const Subject& subject) {
  Chart chart = chart_of("bytes_per_parameter", ChartKind::stacked_bars,
                         {"Bytes a parameter before the first token", "读入第一个词元之前，每个参数占的字节"});
  chart.x = axis_of_names({{"Full, all 16-bit", "全参数，全 16 位"},
                           {"Full, fp32 AdamW", "全参数，fp32 AdamW"},
                           {"Full, fp32 masters", "全参数，fp32 主权重"},
                           label_of(TrainingMethod::lora),
                           label_of(TrainingMethod::qlora)});
  chart.y = axis_from_zero({"Bytes a parameter of the model", "模型每个参数的字节数"});
  const auto part = [&](const char* name, Text label, std::vector<double> y) {
    chart.series.push_back({.name = name, .label = std::move(label), .x = {0, 1, 2, 3, 4}, .y = std::move(y)});
  };
  const auto each = [&](TrainingMethod method, auto bytes) {
    return static_cast<double>(bytes(subject.run(method).ledger.state)) / subject.parameters;
  };
  const auto lora = [&](auto bytes) { return each(TrainingMethod::lora, bytes); };
  const auto qlora = [&](auto bytes) { return each(TrainingMethod::qlora, bytes); };
  const auto weights = [](const StateLedger& s) { return s.base.total(); };
  const auto gradients = [](const StateLedger& s) { return s.gradients; };
  const auto states = [](const StateLedger& s) { return s.optimizer_state; };
  const auto adapters = [](const StateLedger& s) { return s.adapter; };
  part("weights", {"Weights", "权重"}, {2, 2, 2, lora(weights), qlora(weights)});
  part("optimizer_states", {"AdamW states", "AdamW 状态"}, {4, 8, 8, lora(states), qlora(states)});
  part("gradients", {"Gradients", "梯度"}, {2, 2, 2, lora(gradients), qlora(gradients)});
  part("master_weights", {"fp32 master weights", "fp32 主权重"}, {0, 0, 4, 0, 0});
  part("adapters", {"Adapters", "适配器"}, {0, 0, 0, lora(adapters), qlora(adapters)});
  chart.note = {"Ledger; activations aside. LoRA and QLoRA: states and gradients exist for the adapters only.",
                "账本；未计激活。LoRA 与 QLoRA 只有适配器才有状态和梯度。"};
  return chart;
}

Chart levels_chart(const Subject& subject) {
  Chart chart = chart_of("levels", ChartKind::grouped_bars, {"Three methods, three levels", "三种方法，三个层次"});
  std::vector<Text> names;
  names.reserve(methods.size());
  for (const TrainingMethod method : methods) names.push_back(label_of(method));
  chart.x = axis_of_names(std::move(names));
  chart.y = axis_from_zero(memory_label, "GB");
  Series printed{.name = "classroom", .label = {"Classroom: the practice task's sum", "课堂：实践任务的算式"}};
  Series ledger{.name = "ledger", .label = {"Ledger: every tensor", "账本：全部张量"}};
  Series simulated{.name = "simulated", .label = {"Simulated step: its peak", "模拟一步：峰值"}};
  const std::array<double, 3> sums{subject.printed.full_gb(), subject.printed.lora_gb(), subject.printed.qlora_gb()};
  for (std::size_t i = 0; i < methods.size(); ++i) {
    for (Series* series : {&printed, &ledger, &simulated}) series->x.push_back(static_cast<double>(i));
    printed.y.push_back(sums[i]);
    ledger.y.push_back(gb(subject.runs[i].ledger.total()));
    simulated.y.push_back(gb(subject.runs[i].step.peak_bytes));
  }
  chart.series = {std::move(printed), std::move(ledger), std::move(simulated)};
  chart.lines = cards();
  chart.note = {"GB are 1e9 bytes; cards are sold in GiB. The CUDA context and fragmentation come on top.",
                "GB 为 1e9 字节，显卡按 GiB 出售。CUDA 上下文与碎片另计。"};
  return chart;
}

Result<Chart> sizes_chart(const Subject& subject, const Context& context) {
  Chart chart = chart_of("sizes", ChartKind::line, {"How large a model? (ledger)", "能放下多大的模型？（账本）"});
  chart.x = logarithmic_axis({"Parameters, 1e9", "参数量，1e9"});
  chart.y = logarithmic_axis(memory_label, "GB");
  std::vector<ModelShape> shapes;
  for (const char* id : {"llama-7b", "llama-13b", "llama-33b", "llama-65b"}) {
    auto shape = load_model_shape(context.assets / "models" / (std::string(id) + ".json"));
    if (!shape) return shape.error();
    shapes.push_back(*std::move(shape));
  }
  for (const TrainingMethod method : methods) {
    constexpr std::array names{"full", "lora", "qlora"};
    Series series{.name = names[static_cast<std::size_t>(method)], .label = label_of(method), .marks = true};
    for (const ModelShape& shape : shapes) {
      StepSettings settings = recipe(method, shape, subject.sizes);
      if (method == TrainingMethod::full) settings.optimizer = Optimizer::paged_adamw_32bit;  // fp32 states
      const StateLedger state = state_ledger(shape, settings);
      series.x.push_back(static_cast<double>(count_parameters(shape).total()) / 1e9);
      series.y.push_back(gb(state.total() + state.paged_state));
    }
    chart.series.push_back(std::move(series));
  }
  chart.lines = cards();
  chart.lines.push_back({true, subject.parameters / 1e9, {subject.id, subject.id}});
  chart.note = {
      "LLaMA 7B to 65B before the first token. Full fine-tuning with fp32 AdamW states: 12 bytes a parameter.",
      "LLaMA 7B 到 65B，读入第一个词元之前。全参数微调用 fp32 AdamW 状态：每个参数 12 字节。"};
  return chart;
}

}  // namespace qlab::lessons::why_qlora
