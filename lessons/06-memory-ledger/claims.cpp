// The script's printed figures, each computed anew for the model it is about: LLaMA 7B, whose H and L are its defaults.
// `truth` is always a second way: the published parameter count times bytes, never the ledger's own sums.
#include "lessons/06-memory-ledger/memory_ledger.hpp"

namespace qlab::lessons::memory_ledger {
namespace {

constexpr double parameters_7b = 6.738415616;  ///< 1e9, as published with the checkpoint
constexpr double not_linear_7b = (2 * 32000 * 4096 + 65 * 4096) / 1e9;
constexpr double nf4_double_bits = 4 + 8.0 / 64 + 32.0 / (64 * 256);  ///< QLoRA paper, section 3
constexpr double adapters_7b = 32 * 4 * 16 * (4096 + 4096) / 1e9;     ///< r = 16 on q, k, v, o of 32 layers
constexpr double adapter_bytes = 4 + 4 + 8;                           ///< fp32 weight, gradient, two AdamW states
constexpr double gb_per_gib = bytes_per_GB / bytes_per_GiB;

const Text script{"a tutorial's script", "某教程的脚本"};

}  // namespace

std::vector<Check> claims() {
  const Sliders defaults{};
  const ModelShape model = defaults.shape();
  const StateLedger qlora = defaults.state(TrainingMethod::qlora);
  const auto script_parameters = static_cast<double>(classroom::parameter_count({}));
  return {
      make_claim_check("parameters_by_rule",
                       {"Parameters of a 7B model by 12 H² L, 1e9", "按 12 H² L 计算的 7B 参数量，1e9"},
                       static_cast<double>(count_parameters(model).total()) / 1e9, parameters_7b, 1e-9,
                       script_parameters / 1e9, 0.34,
                       said_by(script, "the published count; the rule leaves out embedding and head and is 4.4 % low",
                               "公布的参数量；该公式不含嵌入与输出头，低 4.4 %")),
      make_claim_check(
          "fp16_training", {"Training that model in 16 bits, GiB", "以 16 位训练该模型，GiB"},
          gib(defaults.full_state_with_fp32_moments()), 12 * parameters_7b * gb_per_gib, 1e-6, 12.0, 0.5,
          said_by(script, "12 bytes a parameter; 12 GiB is the weights alone, with no gradient and no optimizer",
                  "每个参数 12 字节；12 GiB 只是权重，没有梯度和优化器")),
      make_claim_check(
          "qlora_optimizer", {"Optimizer states of QLoRA at 7B, GiB", "7B QLoRA 的优化器状态，GiB"},
          gib(qlora.optimizer_state), 8 * adapters_7b * gb_per_gib, 1e-5, 6.0, 0.3,
          said_by(script, "AdamW keeps states for the 16.8 million adapter parameters only, not for the 4-bit weights",
                  "AdamW 只为 1680 万个适配器参数保存状态，不为 4 位权重保存")),
      make_claim_check(
          "qlora_total", {"QLoRA at 7B before the first token, GiB", "7B QLoRA 在读入第一个词元之前，GiB"},
          gib(qlora.total()),
          ((parameters_7b - not_linear_7b) * nf4_double_bits / 8 + 4 * not_linear_7b + adapter_bytes * adapters_7b) *
              gb_per_gib,
          1e-3, 9.0, 0.45,
          said_by(script, "4.127 bits a linear weight, fp32 for the rest, 16 bytes an adapter parameter",
                  "每个线性权重 4.127 位，其余 fp32，每个适配器参数 16 字节"))};
}

}  // namespace qlab::lessons::memory_ledger
