// memory-ledger: the explainer script's memory formulas as printed, beside the exact bytes of every tensor that one
// training step of a Llama-like model needs, and beside the same step simulated.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "lessons/06-memory-ledger/memory_ledger.hpp"

namespace qlab::lessons {
namespace {

using namespace memory_ledger;

Sliders sliders_of(const Parameters& parameters) {
  return {parameters.integer("hidden_size"), parameters.integer("num_layers"), parameters.integer("seq_length"),
          parameters.integer("vocab_size"),  parameters.integer("batch_size"), method_from(parameters.text("method")),
          parameters.flag("checkpointing")};
}

Level level_of(const Parameters& parameters) {
  const std::string& level = parameters.text("level");
  return level == "classroom" ? Level::classroom : level == "ledger" ? Level::ledger : Level::simulated;
}

/// The script's three log lines. Its tensor is torch.randn(1024) without a seed; ours is the same on every machine.
Result<Document> script_log(const Sliders& sliders, Backend& backend) {
  std::array<float, 1024> tensor{};
  if (auto made = backend.generate({.seed = 1}, 0, tensor); !made) return made.error();
  float absmax = 0;
  for (const float x : tensor) absmax = std::max(absmax, std::abs(x));
  const auto memory = classroom::paged_memory(sliders.stats());
  const auto checkpointing = classroom::checkpointing(sliders.stats(), 0.5);
  return Document{"script_log", "log",
                  fmt::format("[NF4] scale={:.5f}, range=[-8, 7]\n"
                              "[分页优化器] FP16={:.2f}GB, QLoRA={:.2f}GB\n"
                              "[Checkpoint] 预计节省激活显存 {:.2f} GB\n",
                              absmax / 7, memory.fp16_gb, memory.qlora_gb, checkpointing.saved_gb)};
}

void add_classroom_values(const Sliders& sliders, Report& report) {
  const auto memory = classroom::paged_memory(sliders.stats());
  report.add_value("parameter_count", static_cast<double>(classroom::parameter_count(sliders.stats())), "",
                   {"Parameters, classroom: 12 H² L", "参数量（课堂公式）：12 H² L"});
  report.add_value("fp16_gb", memory.fp16_gb, "GiB", {"FP16 weights, classroom", "FP16 权重（课堂公式）"});
  report.add_value("qlora_gb", memory.qlora_gb, "GiB", {"QLoRA, classroom", "QLoRA（课堂公式）"});
  report.add_value("checkpoint_saving_gb", classroom::checkpointing(sliders.stats(), 0.5).saved_gb, "GiB",
                   {"Saved by checkpointing, classroom", "检查点节省的激活（课堂公式）"});
}

void add_ledger_values(const Sliders& sliders, const StepLedger& ledger, Report& report) {
  const ModelShape shape = sliders.shape();
  const StateLedger qlora = sliders.state(TrainingMethod::qlora);
  report.add_value("exact_parameter_count", static_cast<double>(count_parameters(shape).total()), "",
                   {"Parameters, ledger", "参数量（账本）"});
  report.add_value("exact_fp16_gib", gib(weight_bytes(shape, WeightStore::plain).total()), "GiB",
                   {"FP16 weights, ledger", "FP16 权重（账本）"});
  report.add_value("exact_4bit_gib", gib(weight_bytes(shape, WeightStore::bits4_double).total()), "GiB",
                   {"4-bit weights, the rest in 16 bits, ledger", "4 位权重，其余 16 位（账本）"});
  report.add_value("prepared_4bit_gib", gib(qlora.base.total()), "GiB",
                   {"4-bit weights after k-bit preparation, ledger", "经 k-bit 准备的 4 位权重（账本）"});
  report.add_value("adapter_parameters", static_cast<double>(qlora.trained_values), "",
                   {"Trainable parameters, r = 16 on q, k, v, o", "可训练参数：q、k、v、o 上 r = 16"});
  report.add_value("adamw_gib", gib(qlora.optimizer_state), "GiB",
                   {"AdamW states of the adapters, ledger", "适配器的 AdamW 状态（账本）"});
  report.add_value("qlora_state_gib", gib(qlora.total()), "GiB",
                   {"QLoRA before the first token, ledger", "QLoRA 在读入第一个词元之前（账本）"});
  report.add_value("full_state_gib", gib(sliders.full_state_with_fp32_moments()), "GiB",
                   {"Full fine-tuning before the first token, fp32 AdamW, ledger",
                    "全参数微调在读入第一个词元之前，fp32 AdamW（账本）"});
  report.add_value("stored_gib", gib(ledger.activations.layers_bytes), "GiB",
                   {"Activations of all layers, none checkpointed, ledger", "全部层的激活，不用检查点（账本）"});
  report.add_value("activations_gib", gib(ledger.activation_total()), "GiB",
                   {"Activations as set, ledger", "当前设置下的激活（账本）"});
  report.add_value("logits_gib", gib(ledger.activations.logits_bytes), "GiB",
                   {"Logits and their gradients, ledger", "logits 及其梯度（账本）"});
}

void add_levels(const Sliders& sliders, const StepLedger& ledger, const StepFigures& step, Report& report) {
  report.add_value("classroom_gib", sliders.classroom_gib(), "GiB", {"Whole step, classroom", "整步（课堂公式）"});
  report.add_value("ledger_gib", gib(ledger.total()), "GiB", {"Whole step, ledger", "整步（账本）"});
  report.add_value("simulated_gib", gib(step.peak_bytes), "GiB", {"Peak, simulated step", "峰值（模拟一步）"});
}

}  // namespace

Result<Report> memory_ledger_experiment(const Parameters& parameters, const Context& context) {
  const Sliders sliders = sliders_of(parameters);
  auto log = script_log(sliders, context.backend);
  if (!log) return log.error();
  const StepLedger ledger = ledger_of(sliders, sliders.method);
  const StepFigures step = step_of(sliders, sliders.method);

  Report report;
  add_levels(sliders, ledger, step, report);
  add_classroom_values(sliders, report);
  add_ledger_values(sliders, ledger, report);
  report.tables = level_tables(sliders, ledger, step);
  for (Table& table : formula_tables(sliders)) report.tables.push_back(std::move(table));
  report.checks = claims();
  report.documents.push_back(*std::move(log));
  report.notes = {
      {"Classroom: the script's formulas, digit for digit. It divides by 1024³ and prints \"GB\"; these are GiB. It "
       "knows neither V nor B; its whole step is our sum of its parts.",
       "课堂公式：与脚本逐位一致。脚本除以 1024³ 却写作“GB”，实际单位是 GiB；它不考虑 V 和 "
       "B。“整步”是我们把它的各项相加。"},
      {"Ledger: exact bytes of every tensor of a Llama-like model (heads of 128, MLP of 8/3 H rounded up to 256), each "
       "counted once. Simulated step: the same step op by op, with temporaries, so that its peak is known. Both: bf16 "
       "autocast, sdpa attention, fused AdamW, adapters of rank 16 on q, k, v, o.",
       "账本：类 Llama 模型（每个注意力头 128 维，MLP 宽 8/3 H 并向上取到 256 "
       "的倍数）全部张量的精确字节，各计一次。模拟一步："
       "逐个算子运行同一步，包括临时张量，因此知道峰值。两者都用 bf16 autocast、sdpa 注意力、融合 AdamW，q、k、v、o 上 "
       "r = 16 的适配器。"},
      {"Formula: what no run was compared with: Lion, Adafactor, sharding (ZeRO, FSDP), offload, generating. Not here: "
       "the allocator's reserve and the CUDA context.",
       "公式：没有与运行结果核对的部分，即 Lion、Adafactor、拆分（ZeRO、FSDP）、卸载和生成。这里没有分配器的预留和 "
       "CUDA 上下文。"}};

  const std::vector<Chart> fixed = charts(sliders, parameters, ledger, step);
  report.charts = fixed;
  report.complete = false;
  const auto stopped = [&] { return context.stop.stop_requested(); };
  draw_maps(sliders, parameters, level_of(parameters), stopped, [&](std::vector<Chart> maps, double fraction) {
    report.charts = fixed;
    for (Chart& map : maps) report.charts.push_back(std::move(map));
    report.complete = fraction == 1;
    context.tell_progress(fraction);
    if (!report.complete) context.tell(report);
  });
  return report;
}

}  // namespace qlab::lessons
