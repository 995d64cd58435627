// Printed memory figures in circulation, each computed anew from the model it is about. `truth` is always a second way:
// published parameter counts times bytes, never the ledger's own sums. GB here is 1e9 bytes.
#include <string>

#include "lessons/01-why-qlora/why_qlora.hpp"

namespace qlab::lessons::why_qlora {
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

const Text principle{"a course page on principles", "某课程的原理页"};
const Text task{"a practice task", "某实践任务"};

/// 16-bit weights and gradients, fp32 states.
StateLedger fully_trained(const ModelShape& model) {
  StepSettings settings = recipe(TrainingMethod::full, model, {});
  settings.optimizer = Optimizer::paged_adamw_32bit;
  return state_ledger(model, settings);
}

StateLedger adapted(const ModelShape& model, TrainingMethod method) {
  StepSettings settings = recipe(method, model, {});
  settings.optimizer = Optimizer::adamw_foreach;  // its step counters are on the host
  return state_ledger(model, settings);
}

void add_compression_claims(const ModelShape& model, std::vector<Check>& checks) {
  const WeightBytes nf4 = weight_bytes(model, WeightStore::bits4_double);
  const double times_smaller = gb(weight_bytes(model, WeightStore::plain).linear()) / gb(nf4.linear());
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

void add_65b_claims(const ModelShape& model, std::vector<Check>& checks) {
  const WeightBytes bits16 = weight_bytes(model, WeightStore::plain);
  const WeightBytes nf4 = weight_bytes(model, WeightStore::bits4_double);
  const StateLedger full = fully_trained(model);
  const double nf4_total = linear_65b * nf4_double_bits / 8 + 2 * not_linear_65b;
  checks.push_back(make_claim_check("weights_65b_fp16", {"Weights of 65B in 16 bits, GB", "65B 的 16 位权重，GB"},
                                    gb(bits16.total()), 2 * parameters_65b, 1e-6, 130, 1,
                                    said_by(principle, "2 bytes a parameter", "每个参数 2 字节")));
  checks.push_back(make_claim_check("weights_65b_fp32", {"Weights of 65B in fp32, GB", "65B 的 fp32 权重，GB"},
                                    4 * static_cast<double>(count_parameters(model).total()) / 1e9, 4 * parameters_65b,
                                    1e-6, 260, 2, said_by(principle, "4 bytes a parameter", "每个参数 4 字节")));
  checks.push_back(make_claim_check(
      "training_65b_fp16", {"Full fine-tuning of 65B in 16 bits, GB", "65B 全参数 16 位微调，GB"},
      gb(full.total() + full.paged_state), 12 * parameters_65b, 1e-6, 130, 5,
      said_by(principle,
              "weights and gradients in 16 bits and AdamW in fp32 are 12 bytes a parameter (the QLoRA "
              "paper's \"> 780 GB\"); fp32 master weights make it 16",
              "16 位权重与梯度加 fp32 AdamW，每个参数 12 字节（QLoRA 论文的“> 780 GB”）；再加 fp32 主权重为 16 字节")));
  checks.push_back(
      make_claim_check("lora_65b", {"LoRA on 65B: the frozen 16-bit weights, GB", "65B 的 LoRA：冻结的 16 位权重，GB"},
                       gb(adapted(model, TrainingMethod::lora).base.total()), 2 * parameters_65b, 1e-6, 65, 3,
                       said_by(principle, "freezing a weight does not halve it", "冻结权重不会让它减半")));
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

/// The practice task's sums for a 7B model.
void add_7b_claims(const ModelShape& model, std::vector<Check>& checks) {
  const StateLedger full = fully_trained(model);
  const StateLedger lora = adapted(model, TrainingMethod::lora);
  const StateLedger qlora = adapted(model, TrainingMethod::qlora);
  const auto parameters = static_cast<double>(full.trained_values);
  constexpr double printed_activations = 10;
  checks.push_back(make_claim_check(
      "full_7b_fp16_states",
      {"Full fine-tuning of 7B with AdamW states in fp16, GB", "7B 全参数微调，AdamW 状态为 fp16，GB"},
      (2 + 2 + 4) * parameters / 1e9 + printed_activations, 8 * parameters_7b + 10, 1e-6, 66, 3,
      said_by(task, "8 bytes a parameter and the printed 10 GB of activations: its sum 14 + 28 + 14 + 10 is right",
              "每个参数 8 字节，加上文中的 10 GB 激活：14 + 28 + 14 + 10 加得对")));
  checks.push_back(make_claim_check(
      "full_7b_fp32_states", {"The same as it is usually done, before activations, GB", "通常的做法，未计激活，GB"},
      (gb(full.total() + full.paged_state) + 4 * parameters / 1e9), 16 * parameters_7b, 1e-6, 66, 3,
      said_by(task, "16 bytes a parameter: fp32 states and fp32 master weights",
              "每个参数 16 字节：fp32 状态与 fp32 主权重")));
  checks.push_back(
      make_claim_check("lora_7b", {"LoRA on 7B before activations, GB", "7B 的 LoRA，未计激活，GB"}, gb(lora.total()),
                       2 * parameters_7b + adapter_bytes * adapters_7b, 1e-6, 14.2, 0.7,
                       said_by(task, "2 bytes a weight, 16 an adapter parameter; its own terms add to 14.12",
                               "每个权重 2 字节，每个适配器参数 16 字节；文中各项之和是 14.12")));
  checks.push_back(make_claim_check(
      "qlora_7b", {"QLoRA on 7B before activations, GB", "7B 的 QLoRA，未计激活，GB"}, gb(qlora.total()),
      linear_7b * nf4_double_bits / 8 + 4 * not_linear_7b + adapter_bytes * adapters_7b, 1e-3, 3.7, 0.2,
      said_by(task,
              "k-bit preparation makes embedding and head fp32, and adapters have gradients; its terms add to 3.62",
              "k-bit 准备把嵌入与输出头变成 fp32，适配器还有梯度；文中各项之和是 3.62")));
  checks.push_back(make_claim_check(
      "adapters_7b", {"Adapters, r = 16 on q, k, v, o of 7B, MB", "7B 上 q、k、v、o 的 r = 16 适配器，MB"},
      static_cast<double>(qlora.adapter) / 1e6, 4e3 * adapters_7b, 1e-6, 40, 4,
      said_by(task, "4 bytes a parameter as PEFT keeps them (33.6 in fp16)",
              "PEFT 每个参数存 4 字节（fp16 为 33.6）")));
  checks.push_back(make_claim_check("adapter_states_7b",
                                    {"AdamW states of these adapters, MB", "这些适配器的 AdamW 状态，MB"},
                                    static_cast<double>(qlora.optimizer_state) / 1e6, 8e3 * adapters_7b, 1e-6, 80, 8,
                                    said_by(task, "two fp32 a parameter", "每个参数两个 fp32")));
}

/// "14.5 against 3.8 GB, 73.8 % less": read before any step, so weights and adapters are all that is there.
void add_loading_claims(const ModelShape& model, std::vector<Check>& checks) {
  const StateLedger lora = adapted(model, TrainingMethod::lora);
  const double lora_gb = gb(lora.base.total() + lora.adapter);
  const double qlora_gb = gb(weight_bytes(model, WeightStore::bits4_double).total() + lora.adapter);
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

}  // namespace

Result<std::vector<Check>> claims(const Context& context) {
  const auto model_7b = load_model_shape(context.assets / "models" / "llama-7b.json");
  if (!model_7b) return model_7b.error();
  const auto model_65b = load_model_shape(context.assets / "models" / "llama-65b.json");
  if (!model_65b) return model_65b.error();
  std::vector<Check> checks;
  add_7b_claims(*model_7b, checks);
  add_loading_claims(*model_7b, checks);
  add_65b_claims(*model_65b, checks);
  add_compression_claims(*model_65b, checks);
  return checks;
}

}  // namespace qlab::lessons::why_qlora
