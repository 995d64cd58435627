// memory-ledger: the explainer script's memory formulas as printed, beside the exact bytes of every tensor that one
// training step of a Llama-like model needs.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "lessons/06-memory-ledger/memory_ledger.hpp"

namespace qlab::lessons {
namespace {

using namespace memory_ledger;

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

void add_ledger_values(const Sliders& sliders, Report& report) {
  const ModelShape shape = sliders.shape();
  const StepLedger qlora = sliders.ledger(Method::qlora);
  report.add_value("exact_parameter_count", static_cast<double>(count_parameters(shape).total()), "",
                   {"Parameters, ledger", "参数量（账本）"});
  report.add_value("exact_fp16_gib", gib(weight_bytes(shape, WeightStore::bits16).total()), "GiB",
                   {"FP16 weights, ledger", "FP16 权重（账本）"});
  report.add_value("exact_4bit_gib", gib(qlora.weights.total()), "GiB",
                   {"QLoRA's weights, ledger", "QLoRA 的权重（账本）"});
  report.add_value("adapter_parameters", static_cast<double>(qlora.trainable_parameters), "",
                   {"Trainable parameters, r = 16 on q, k, v, o", "可训练参数：q、k、v、o 上 r = 16"});
  report.add_value("adamw_gib", gib(qlora.optimizer_states), "GiB",
                   {"AdamW states of the adapters, ledger", "适配器的 AdamW 状态（账本）"});
  report.add_value("qlora_state_gib", gib(qlora.model_state()), "GiB",
                   {"QLoRA before the first token, ledger", "QLoRA 在读入第一个词元之前（账本）"});
  report.add_value("full_state_gib", gib(sliders.ledger(Method::full).model_state()), "GiB",
                   {"Full fine-tuning before the first token, ledger", "全参数微调在读入第一个词元之前（账本）"});
  report.add_value("activations_gib", gib(qlora.activations), "GiB",
                   {"Activations of all layers, ledger", "全部层的激活（账本）"});
  report.add_value("logits_gib", gib(qlora.logits), "GiB",
                   {"Logits and their gradient, ledger", "logits 及其梯度（账本）"});
  report.add_value("qlora_step_gib", gib(qlora.total()), "GiB", {"QLoRA, whole step, ledger", "QLoRA 整步（账本）"});
}

}  // namespace

Result<Report> memory_ledger_experiment(const Parameters& parameters, const Context& context) {
  const Sliders sliders{parameters.integer("hidden_size"), parameters.integer("num_layers"),
                        parameters.integer("seq_length"), parameters.integer("vocab_size"),
                        parameters.integer("batch_size")};
  auto log = script_log(sliders, context.backend);
  if (!log) return log.error();
  auto checks = claims(context);
  if (!checks) return checks.error();

  Report report;
  add_classroom_values(sliders, report);
  add_ledger_values(sliders, report);
  report.tables = tables(sliders);
  report.charts = charts(sliders, parameters);
  report.checks = *std::move(checks);
  report.documents.push_back(*std::move(log));
  report.notes = {
      {"Classroom: the script's formulas, digit for digit. It divides by 1024³ and prints \"GB\"; these are GiB. It "
       "knows neither V nor B.",
       "课堂公式：与脚本逐位一致。脚本除以 1024³ 却写作“GB”，实际单位是 GiB；它不考虑 V 和 B。"},
      {"Ledger: exact bytes of the tensors of a Llama-like model (heads of 128, MLP of 8/3 H rounded up to 256). Only "
       "the activations are a formula: 34 B T H a layer (Korthikanti et al. 2022), fused attention, no checkpointing.",
       "账本：类 Llama 模型（每个注意力头 128 维，MLP 宽 8/3 H 并向上取到 256 的倍数）各张量的精确字节。只有激活"
       "是公式：每层 34 B T H（Korthikanti 等，2022），融合注意力，不用检查点。"},
      {"Not here: temporaries, the allocator's rounding, the CUDA context. A later lesson simulates the step for "
       "these.",
       "这里没有：临时张量、分配器的取整和 CUDA 上下文；以后的课会用单步模拟来计算。"}};
  return report;
}

}  // namespace qlab::lessons
