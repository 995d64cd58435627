#include <array>
#include <string>
#include <utility>

#include "lessons/06-memory-ledger/memory_ledger.hpp"
#include "lessons/support/figures.hpp"

namespace qlab::lessons::memory_ledger {
namespace {

using step::Category;

constexpr std::monostate none{};

Table classroom_table(const Sliders& sliders) {
  const auto memory = classroom::paged_memory(sliders.stats());
  const auto checkpointing = classroom::checkpointing(sliders.stats(), 0.5);
  Table table{
      "classroom",
      {"Classroom: as the script computes it", "课堂公式：脚本的算法"},
      {{"quantity", "", {"Quantity", "项目"}}, {"formula", "", {"Formula", "公式"}}, {"size", "GiB", {"Size", "大小"}}},
      {}};
  table.rows = {
      {Text{"FP16 weights", "FP16 权重"}, same("12 H² L × 2"), memory.fp16_gb},
      {Text{"4-bit weights", "4 位权重"}, same("12 H² L // 2"), gib(memory.int4_bytes)},
      {Text{"optimizer: two copies of them", "优化器：4 位权重的两份"}, same("12 H² L // 2 × 2"),
       gib(memory.optimizer_bytes)},
      {Text{"QLoRA", "QLoRA"}, same("12 H² L // 2 × 3"), memory.qlora_gb},
      {Text{"activations", "激活"}, same("2 H T L"), checkpointing.activations_gb},
      {Text{"saved by checkpointing", "检查点节省"}, same("2 H T L × 0.5"), checkpointing.saved_gb},
  };
  return table;
}

/// Part by part: the script's figure, the tensors that must exist, what of them is alive at the simulated peak.
Table levels_table(const Sliders& sliders, const StepLedger& ledger, const StepFigures& step) {
  const auto memory = classroom::paged_memory(sliders.stats());
  const auto activations = classroom::checkpointing(sliders.stats(), sliders.checkpointed ? 0.5 : 0);
  const bool quantized = sliders.method == TrainingMethod::qlora;
  const auto alive = [&](std::initializer_list<Category> categories) {
    std::int64_t sum = 0;
    for (const Category category : categories) sum += step.breakdown[static_cast<std::size_t>(category)];
    return gib(sum);
  };
  Table table{"levels",
              {"Three levels of truth, part by part", "三个层次的真相，逐项对照"},
              {{"part", "", {"Part", "部分"}},
               {"classroom", "GiB", {"Classroom", "课堂公式"}},
               {"ledger", "GiB", {"Ledger: must exist", "账本：必须存在"}},
               {"simulated", "GiB", {"Simulated: alive at the peak", "模拟：峰值时在场"}}},
              {}};
  table.rows = {
      {Text{"weights", "权重"}, quantized ? gib(memory.int4_bytes) : memory.fp16_gb, gib(ledger.state.base.total()),
       alive({Category::weights, Category::quantized_weights, Category::quant_constants})},
      {Text{"adapters", "适配器"}, none, gib(ledger.state.adapter), alive({Category::adapter})},
      {Text{"gradients", "梯度"}, none, gib(ledger.state.gradients), alive({Category::gradients})},
      {Text{"optimizer states", "优化器状态"}, none, gib(ledger.state.optimizer_state),
       alive({Category::optimizer_state})},
      {Text{"activations", "激活"}, activations.kept_gb, gib(ledger.activation_total()),
       alive({Category::saved_activations, Category::cast_weights})},
      {Text{"logits and loss", "logits 与损失"}, none, gib(ledger.activations.logits_bytes),
       alive({Category::logits_and_loss})},
      {Text{"temporaries, buffers, inputs", "临时张量、缓冲区、输入"}, none, none,
       alive({Category::temporaries, Category::buffers, Category::inputs})},
      {Text{"all of it", "合计"}, sliders.classroom_gib(), gib(ledger.total()), gib(step.peak_bytes)},
  };
  constexpr std::size_t optimizer_row = 3;  // the script's FP16 side has none
  if (quantized) table.rows[optimizer_row][1] = gib(memory.optimizer_bytes);
  return table;
}

Table weights_table(const Sliders& sliders) {
  const ModelShape shape = sliders.shape();
  const auto linear_weights = static_cast<double>(quantized_linears(shape).weights);
  const auto row = [&](Text name, WeightStore store, Dtype rest = Dtype::bf16) -> std::vector<Cell> {
    const WeightBytes bytes = weight_bytes(shape, store, rest);
    return {std::move(name),   gib(bytes.codes),   gib(bytes.constants + bytes.tables),
            gib(bytes.rest()), gib(bytes.total()), 8 * static_cast<double>(bytes.linear()) / linear_weights};
  };
  Table table{"weights",
              {"Ledger: the weights in each type", "账本：各种类型的权重"},
              {{"type", "", {"Type of the Linears", "线性层的类型"}},
               {"codes", "GiB", {"Codes", "编码"}},
               {"constants", "GiB", {"Constants", "量化常数"}},
               {"rest", "GiB", {"Embedding, head, norms", "嵌入、输出头、归一化"}},
               {"total", "GiB", {"Total", "合计"}},
               {"bits", "bits", {"Bits a linear weight", "每个线性权重的位数"}}},
              {}};
  table.rows = {
      row({"16 bits", "16 位"}, WeightStore::plain), row({"INT8 (LLM.int8)", "INT8（LLM.int8）"}, WeightStore::int8),
      row({"NF4 or FP4", "NF4 或 FP4"}, WeightStore::bits4),
      row({"NF4, double quantization", "NF4，双重量化"}, WeightStore::bits4_double),
      row({"the same after k-bit preparation", "同上，经 k-bit 准备"}, WeightStore::bits4_double, Dtype::f32)};
  return table;
}

Table layer_table(const StepLedger& ledger) {
  Table table{"layer",
              {"Ledger: what one layer keeps, none checkpointed", "账本：一层保存什么（不用检查点）"},
              {{"made_by", "", {"Made by", "由谁产生"}},
               {"part", "", {"Part", "部分"}},
               {"shape", "", {"Shape", "形状"}},
               {"type", "", {"Type", "类型"}},
               {"size", "MiB", {"Size", "大小"}}},
              {}};
  constexpr double bytes_per_MiB = 1024.0 * 1024.0;
  for (const KeptTensor& tensor : ledger.activations.layer) {
    std::string shape;
    for (int i = 0; i < tensor.sizes.dims; ++i) shape += (i == 0 ? "" : " × ") + std::to_string(tensor.sizes[i]);
    table.rows.push_back({same(name_of(tensor.made_by)), label_of(tensor.part), same(shape.empty() ? "1" : shape),
                          same(torch_name_of(tensor.dtype)), static_cast<double>(tensor.bytes) / bytes_per_MiB});
  }
  return table;
}

}  // namespace

std::vector<Table> level_tables(const Sliders& sliders, const StepLedger& ledger, const StepFigures& step) {
  return {levels_table(sliders, ledger, step), classroom_table(sliders), weights_table(sliders), layer_table(ledger)};
}

}  // namespace qlab::lessons::memory_ledger
