#include <string>
#include <utility>

#include "lessons/06-memory-ledger/memory_ledger.hpp"

namespace qlab::lessons::memory_ledger {
namespace {

/// Letters and digits that are the same in both languages.
Text formula(std::string text) { return {text, std::move(text)}; }

Table classroom_table(const Sliders& sliders) {
  const auto memory = classroom::paged_memory(sliders.stats());
  const auto checkpointing = classroom::checkpointing(sliders.stats(), 0.5);
  Table table{
      "classroom",
      {"Classroom: as the script computes it", "课堂公式：脚本的算法"},
      {{"quantity", "", {"Quantity", "项目"}}, {"formula", "", {"Formula", "公式"}}, {"size", "GiB", {"Size", "大小"}}},
      {}};
  table.rows = {
      {Text{"FP16 weights", "FP16 权重"}, formula("12 H² L × 2"), memory.fp16_gb},
      {Text{"4-bit weights", "4 位权重"}, formula("12 H² L // 2"), gib(memory.int4_bytes)},
      {Text{"optimizer: two copies of them", "优化器：4 位权重的两份"}, formula("12 H² L // 2 × 2"),
       gib(memory.optimizer_bytes)},
      {Text{"QLoRA", "QLoRA"}, formula("12 H² L // 2 × 3"), memory.qlora_gb},
      {Text{"activations", "激活"}, formula("2 H T L"), checkpointing.activations_gb},
      {Text{"saved by checkpointing", "检查点节省"}, formula("2 H T L × 0.5"), checkpointing.saved_gb},
  };
  return table;
}

Table weights_table(const Sliders& sliders) {
  const ModelShape shape = sliders.shape();
  const auto linear_weights = static_cast<double>(quantized_linears(shape).weights);
  const auto row = [&](Text name, WeightStore store) -> std::vector<Cell> {
    const WeightBytes bytes = weight_bytes(shape, store);
    return {std::move(name),
            gib(bytes.codes),
            gib(bytes.constants + bytes.tables),
            gib(bytes.kept_in_16_bits()),
            gib(bytes.total()),
            8 * static_cast<double>(bytes.linear()) / linear_weights};
  };
  Table table{"weights",
              {"Ledger: the weights in four types", "账本：四种类型的权重"},
              {{"type", "", {"Type of the Linears", "线性层的类型"}},
               {"codes", "GiB", {"Codes", "编码"}},
               {"constants", "GiB", {"Constants", "量化常数"}},
               {"rest", "GiB", {"Embedding, head, norms", "嵌入、输出头、归一化"}},
               {"total", "GiB", {"Total", "合计"}},
               {"bits", "bits", {"Bits a linear weight", "每个线性权重的位数"}}},
              {}};
  table.rows = {row({"16 bits", "16 位"}, WeightStore::bits16), row({"INT8", "INT8"}, WeightStore::int8),
                row({"NF4", "NF4"}, WeightStore::nf4),
                row({"NF4, double quantization", "NF4，双重量化"}, WeightStore::nf4_double)};
  return table;
}

Table ledger_table(const Sliders& sliders) {
  const StepLedger full = sliders.ledger(Method::full);
  const StepLedger lora = sliders.ledger(Method::lora);
  const StepLedger qlora = sliders.ledger(Method::qlora);
  const auto row = [&](Text part, Text kept, auto bytes) -> std::vector<Cell> {
    return {std::move(part), std::move(kept), gib(bytes(full)), gib(bytes(lora)), gib(bytes(qlora))};
  };
  Table table{"ledger",
              {"Ledger: one training step, tensor by tensor", "账本：一个训练步的全部张量"},
              {{"part", "", {"Part", "部分"}},
               {"kept_as", "", {"Kept as", "存法"}},
               {"full", "GiB", {"Full fine-tuning", "全参数微调"}},
               {"lora", "GiB", {"LoRA", "LoRA"}},
               {"qlora", "GiB", {"QLoRA", "QLoRA"}}},
              {}};
  table.rows = {
      row({"weights of the Linears", "线性层权重"},
          {"16 bits; QLoRA: NF4, double quantization", "16 位；QLoRA：NF4 双重量化"},
          [](const StepLedger& s) { return s.weights.linear(); }),
      row({"embedding, head, norms", "嵌入、输出头、归一化"}, {"16 bits", "16 位"},
          [](const StepLedger& s) { return s.weights.kept_in_16_bits(); }),
      row({"adapters", "适配器"}, {"fp32, r = 16 on q, k, v, o", "fp32，q、k、v、o 上 r = 16"},
          [](const StepLedger& s) { return s.adapters; }),
      row({"gradients", "梯度"}, {"full: 16 bits; adapters: fp32", "全参数：16 位；适配器：fp32"},
          [](const StepLedger& s) { return s.gradients; }),
      row({"AdamW states", "AdamW 状态"}, {"two fp32 a trained parameter", "每个可训练参数两个 fp32"},
          [](const StepLedger& s) { return s.optimizer_states; }),
      row({"activations", "激活"}, {"34 B T H a layer, 16 bits", "每层 34 B T H，16 位"},
          [](const StepLedger& s) { return s.activations; }),
      row({"logits and gradient", "logits 及其梯度"}, {"8 B T V, fp32", "8 B T V，fp32"},
          [](const StepLedger& s) { return s.logits; }),
      row({"all of it", "合计"}, {"no checkpointing", "不用检查点"}, [](const StepLedger& s) { return s.total(); }),
  };
  return table;
}

}  // namespace

std::vector<Table> tables(const Sliders& sliders) {
  return {classroom_table(sliders), weights_table(sliders), ledger_table(sliders)};
}

}  // namespace qlab::lessons::memory_ledger
