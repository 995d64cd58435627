// why-qlora: what fine-tuning one model takes in full, with LoRA and with QLoRA, as course texts print it, as a ledger
// counts it and as a simulated step runs it.
#include <array>
#include <utility>

#include "lessons/01-why-qlora/why_qlora.hpp"
#include "lessons/support/memory_report.hpp"

namespace qlab::lessons {
namespace {

using namespace why_qlora;

void add_values(const Subject& subject, Report& report) {
  const auto bytes_each = [&](const StateLedger& state) {
    return static_cast<double>(state.total()) / subject.parameters;
  };
  const Run& full = subject.run(TrainingMethod::full);
  const Run& lora = subject.run(TrainingMethod::lora);
  const Run& qlora = subject.run(TrainingMethod::qlora);
  constexpr std::array names{"full", "lora", "qlora"};
  for (std::size_t i = 0; i < methods.size(); ++i) {
    const Text method = label_of(methods[i]);
    report.add_value(std::string("simulated_") + names[i] + "_gb", gb(subject.runs[i].step.peak_bytes), "GB",
                     {method.en + ", simulated peak", method.zh + "，模拟的峰值"});
  }
  report.add_value("step_saving_percent", 100 * (1 - gb(qlora.step.peak_bytes) / gb(lora.step.peak_bytes)), "%",
                   {"QLoRA against LoRA, simulated peaks", "QLoRA 比 LoRA 省（模拟峰值）"});
  for (std::size_t i = 0; i < methods.size(); ++i) {
    const Text method = label_of(methods[i]);
    report.add_value(std::string("ledger_") + names[i] + "_gb", gb(subject.runs[i].ledger.total()), "GB",
                     {method.en + ", whole step, ledger", method.zh + "，整步（账本）"});
  }
  report.add_value("parameters", subject.parameters, "", {"Parameters of the model", "模型的参数量"});
  report.add_value("trainable_parameters", static_cast<double>(lora.ledger.state.trained_values), "",
                   {"Trainable with adapters on q, k, v, o", "适配器（q、k、v、o）的可训练参数"});
  report.add_value("printed_full_gb", subject.printed.full_gb(), "GB", {"Full, classroom", "全参数（课堂公式）"});
  report.add_value("printed_lora_gb", subject.printed.lora_gb(), "GB", {"LoRA, classroom", "LoRA（课堂公式）"});
  report.add_value("printed_qlora_gb", subject.printed.qlora_gb(), "GB", {"QLoRA, classroom", "QLoRA（课堂公式）"});
  report.add_value("fp16_weights_gb", gb(weight_bytes(subject.shape, WeightStore::plain).total()), "GB",
                   {"Weights in 16 bits, ledger", "16 位权重（账本）"});
  report.add_value("fp32_weights_gb", gb(weight_bytes(subject.shape, WeightStore::plain, Dtype::f32).total()), "GB",
                   {"Weights in fp32, ledger", "fp32 权重（账本）"});
  report.add_value("int8_weights_gb", gb(weight_bytes(subject.shape, WeightStore::int8).total()), "GB",
                   {"Weights in 8 bits, ledger", "8 位权重（账本）"});
  report.add_value("nf4_weights_gb", gb(weight_bytes(subject.shape, WeightStore::bits4_double).total()), "GB",
                   {"Weights in 4 bits, the rest in 16, ledger", "4 位权重，其余 16 位（账本）"});
  report.add_value("mixed_full_gb", 16 * subject.parameters / bytes_per_GB, "GB",
                   {"Full with fp32 states and masters, before the first token, ledger",
                    "全参数，fp32 状态与主权重，读入词元之前（账本）"});
  report.add_value("full_bytes", bytes_each(full.ledger.state), "bytes/parameter",
                   {"Full, all 16-bit, ledger", "全参数，全 16 位（账本）"});
  report.add_value("lora_bytes", bytes_each(lora.ledger.state), "bytes/parameter", {"LoRA, ledger", "LoRA（账本）"});
  report.add_value("qlora_bytes", bytes_each(qlora.ledger.state), "bytes/parameter",
                   {"QLoRA, ledger", "QLoRA（账本）"});
}

Result<Done> add_published_values(const Subject& subject, Report& report) {
  if (subject.id != "llama-2-7b") return Done{};
  const auto lora = published_run(TrainingMethod::lora, subject.shape);
  if (!lora) return lora.error();
  const auto qlora = published_run(TrainingMethod::qlora, subject.shape);
  if (!qlora) return qlora.error();
  report.add_value("published_lora_gb", gb(lora->peak_bytes_cuda), "GB",
                   {"The measured LoRA run, simulated", "那次实测的 LoRA 训练（模拟）"});
  report.add_value("published_qlora_gb", gb(qlora->peak_bytes_cuda), "GB",
                   {"The measured 4-bit run, simulated", "那次实测的 4 位训练（模拟）"});
  return Done{};
}

}  // namespace

Result<Report> why_qlora_experiment(const Parameters& parameters, const Context& context) {
  const auto subject = subject_of(parameters, context);
  if (!subject) return subject.error();
  auto printed = printed_table(*subject);
  if (!printed) return printed.error();
  auto sizes = sizes_chart(*subject, context);
  if (!sizes) return sizes.error();
  auto checks = claims(context);
  if (!checks) return checks.error();

  Report report;
  add_values(*subject, report);
  if (auto done = add_published_values(*subject, report); !done) return done.error();
  report.tables = {*std::move(printed), parts_table(*subject)};
  const auto traced = simulate_step(subject->shape, subject->run(method_from(parameters.text("method"))).settings);
  if (!traced) return traced.error();
  report.charts = {levels_chart(*subject), bytes_chart(*subject), *std::move(sizes), memory_timeline(*traced)};
  report.checks = *std::move(checks);
  report.notes = {
      {"Classroom: a practice task's sums, with the figure of the model's name in the place of its 7. Activations, "
       "adapters and their states are constants that it prints.",
       "课堂：某实践任务的算式，把其中的 7 换成模型名里的数字。激活、适配器及其状态是文中直接给出的常数。"},
      {"Ledger: exact bytes of every tensor. Simulated step: the same training step run op by op, with what is "
       "temporary; its peak is what has to fit. Both with bf16 autocast, sdpa attention, fused AdamW and a checkpoint "
       "at "
       "every layer; QLoRA after the libraries' k-bit preparation, which makes embedding, norms and head fp32.",
       "账本：全部张量的精确字节。模拟一步：逐个算子运行同一训练步，包括临时张量；要放进显卡的是它的峰值。两者都用 "
       "bf16 autocast、sdpa 注意力、融合 AdamW，每层一个检查点；QLoRA 经过库的 k-bit 准备，嵌入、归一化和输出头变为 "
       "fp32。"}};
  return report;
}

}  // namespace qlab::lessons
