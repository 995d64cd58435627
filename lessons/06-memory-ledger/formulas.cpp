// What has no reference run behind it: optimizers of the ledger only, splitting over cards, and generating.
#include <fmt/format.h>

#include <utility>

#include "core/memory/inference.hpp"
#include "core/memory/optimizer_memory.hpp"
#include "core/memory/sharding.hpp"
#include "lessons/06-memory-ledger/memory_ledger.hpp"
#include "lessons/support/figures.hpp"

namespace qlab::lessons::memory_ledger {
namespace {

Table optimizers_table(const Sliders& sliders) {
  const auto full = trained_tensors(sliders.shape(), sliders.settings(TrainingMethod::full));
  const auto adapters = trained_tensors(sliders.shape(), sliders.settings(TrainingMethod::qlora));
  Table table{"optimizers",
              {"Ledger: what optimizers keep", "账本：优化器保存什么"},
              {{"optimizer", "", {"Optimizer", "优化器"}},
               {"full", "GiB", {"Full, bf16 weights", "全参数，bf16 权重"}},
               {"adapters", "GiB", {"Adapters, fp32", "适配器，fp32"}},
               {"on_pages", "GiB", {"of it on pages", "其中可分页"}},
               {"evidence", "", {"Evidence", "依据"}}},
              {}};
  const auto add = [&](Text name, OptimizerRule rule) {
    const OptimizerBytes of_full = optimizer_bytes(rule, full);
    table.rows.push_back({std::move(name), gib(of_full.total()), gib(optimizer_bytes(rule, adapters).total()),
                          gib(of_full.paged),
                          is_formula(rule) ? Text{"formula", "公式"} : Text{"compared with runs", "与运行结果核对"}});
  };
  add(same("AdamW"), OptimizerRule::adamw);
  add({"AdamW, 8-bit", "AdamW，8 位"}, OptimizerRule::adamw_8bit);
  add({"AdamW, paged, fp32", "AdamW，分页，fp32"}, OptimizerRule::paged_adamw);
  add({"AdamW, paged, 8-bit", "AdamW，分页，8 位"}, OptimizerRule::paged_adamw_8bit);
  add(same("SGD"), OptimizerRule::sgd);
  add({"SGD with momentum", "SGD 加动量"}, OptimizerRule::sgd_momentum);
  add(same("Lion"), OptimizerRule::lion);
  add({"Lion, 8-bit", "Lion，8 位"}, OptimizerRule::lion_8bit);
  add(same("Adafactor"), OptimizerRule::adafactor);
  return table;
}

Table sharding_table(const Sliders& sliders) {
  Table table{"sharding",
              {"Formula: one card of N, before the first token", "公式：N 张卡之一，读入词元之前"},
              {{"scheme", "", {"Scheme", "方案"}},
               {"cards_1", "GiB", same("N = 1")},
               {"cards_2", "GiB", same("N = 2")},
               {"cards_8", "GiB", same("N = 8")},
               {"cards_64", "GiB", same("N = 64")},
               {"host_8", "GiB", {"On the host, N = 8", "主机内存，N = 8"}}},
              {}};
  const bool full = sliders.method == TrainingMethod::full;
  StepSettings settings = sliders.settings(sliders.method);
  if (full) settings.optimizer = Optimizer::paged_adamw_32bit;  // fp32 moments
  const auto add = [&](Text name, Sharding sharding, bool offload) {
    std::vector<Cell> row{std::move(name)};
    for (const int cards : {1, 2, 8, 64}) {
      row.emplace_back(gib(sharded_state(sliders.shape(), settings, sharding, cards, offload, full).on_card()));
    }
    row.emplace_back(gib(sharded_state(sliders.shape(), settings, sharding, 8, offload, full).host));
    table.rows.push_back(std::move(row));
  };
  add({"data parallel", "数据并行"}, Sharding::none, false);
  add({"ZeRO 1: states split", "ZeRO 1：拆分状态"}, Sharding::zero1, false);
  add({"ZeRO 2: gradients too", "ZeRO 2：再拆梯度"}, Sharding::zero2, false);
  add({"ZeRO 3: weights too", "ZeRO 3：再拆权重"}, Sharding::zero3, false);
  add({"FSDP: next layer in advance", "FSDP：预取下一层"}, Sharding::fsdp, false);
  add({"ZeRO 2, offload to the host", "ZeRO 2，卸载到主机"}, Sharding::zero2, true);
  return table;
}

Table cache_table(const Sliders& sliders) {
  ModelShape shape = sliders.shape();
  ModelShape grouped = shape;
  if (shape.num_heads % 4 == 0) grouped.num_key_value_heads = shape.num_heads / 4;
  Table table{"kv_cache",
              {"Formula: keys and values while generating", "公式：生成时的键值缓存"},
              {{"tokens", "", {"Tokens so far", "已有词元"}},
               {"all_heads", "GiB", {"Every head its own", "每个头各自保存"}},
               {"grouped", "GiB", {"Four heads share", "四个头共用"}},
               {"eight_bits", "GiB", {"Every head, 8 bits", "每个头，8 位"}}},
              {}};
  for (const int times : {1, 4, 16}) {
    const std::int64_t tokens = times * sliders.seq_length;
    const auto cache = [&](const ModelShape& model, Dtype dtype) {
      return gib(kv_cache_bytes(model, sliders.batch_size, tokens, dtype));
    };
    std::vector<Cell> row{static_cast<double>(tokens), cache(shape, Dtype::bf16), std::monostate{},
                          cache(shape, Dtype::i8)};
    if (shape.num_heads % 4 == 0) row[2] = cache(grouped, Dtype::bf16);
    table.rows.push_back(std::move(row));
  }
  return table;
}

Table serving_table(const Sliders& sliders) {
  const ModelShape shape = sliders.shape();
  Table table{"serving",
              {"Formula: serving N fine-tunes of one model", "公式：同时提供 N 个微调版本"},
              {{"tasks", "", same("N")},
               {"merged", "GiB", {"Merged, 16 bits each", "各自合并为 16 位"}},
               {"with_adapters", "GiB", {"One 4-bit base, N adapters", "一个 4 位底座，N 个适配器"}}},
              {}};
  for (const int tasks : {1, 10, 100}) {
    const ServingBytes bytes = serving_bytes(shape, {16, lora_targets(shape, "qkvo"), 0}, tasks);
    table.rows.push_back({static_cast<double>(tasks), gib(bytes.merged), gib(bytes.with_adapters())});
  }
  return table;
}

}  // namespace

std::vector<Table> formula_tables(const Sliders& sliders) {
  return {optimizers_table(sliders), sharding_table(sliders), cache_table(sliders), serving_table(sliders)};
}

}  // namespace qlab::lessons::memory_ledger
