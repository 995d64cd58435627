#include <fmt/format.h>

#include <string>
#include <utility>

#include "lessons/01-why-qlora/why_qlora.hpp"
#include "lessons/support/figures.hpp"

namespace qlab::lessons::why_qlora {
namespace {

constexpr std::monostate none{};

std::string rounded(double value) { return fmt::format("{:.3g}", value); }

/// The practice task's three sums, with the model's own figure in the place of 7e9.
void add_practice_task(const Subject& subject, Table& table) {
  const classroom::PracticeTask& task = subject.printed;
  const bool printed = subject.nominal == 7e9;
  const auto add = [&](TrainingMethod method, const std::string& terms, double sum, double in_print) {
    const Run& run = subject.run(method);
    const Text name = label_of(method);
    table.rows.push_back({Text{name.en + ": " + terms, name.zh + "：" + terms}, printed ? Cell{in_print} : Cell{none},
                          sum, gb(run.ledger.state.base.total()), gb(run.ledger.total()), gb(run.step.peak_bytes)});
  };
  add(TrainingMethod::full,
      fmt::format("{} + {} + {} + 10", rounded(task.weights_gb), rounded(task.optimizer_gb),
                  rounded(task.gradients_gb)),
      task.full_gb(), 66);
  add(TrainingMethod::lora, fmt::format("{} + 0.04 + 0.08", rounded(task.weights_gb)), task.lora_gb(), 14.2);
  add(TrainingMethod::qlora, fmt::format("{} + 0.04 + 0.08", rounded(task.weights_4bit_gb)), task.qlora_gb(), 3.7);
}

void add_loading(const Subject& subject, Table& table) {
  const auto loaded = [&](WeightStore store) {
    return gb(weight_bytes(subject.shape, store).total() + subject.run(TrainingMethod::lora).ledger.state.adapter);
  };
  table.rows.push_back({Text{"Loaded in FP16 with adapters, no step yet", "以 FP16 载入并加适配器，尚未训练"}, 14.5,
                        none, loaded(WeightStore::plain), none, none});
  table.rows.push_back({Text{"Loaded in 4 bits with adapters, no step yet", "以 4 位载入并加适配器，尚未训练"}, 3.8,
                        none, loaded(WeightStore::bits4_double), none, none});
}

Result<Done> add_published(const Subject& subject, Table& table) {
  const auto add = [&](TrainingMethod method, Text name, double measured) -> Result<Done> {
    const auto step = published_run(method, subject.shape);
    if (!step) return step.error();
    const WeightStore store = method == TrainingMethod::lora ? WeightStore::plain : WeightStore::bits4;
    table.rows.push_back({std::move(name), measured, none, gb(weight_bytes(subject.shape, store).total()), none,
                          gb(step->peak_bytes_cuda)});
    return Done{};
  };
  if (auto done =
          add(TrainingMethod::lora,
              {"A measured LoRA run, T = 1304, no checkpoints", "某次实测的 LoRA 训练，T = 1304，不用检查点"}, 21.33);
      !done) {
    return done;
  }
  return add(TrainingMethod::qlora, {"The same run with 4-bit weights", "同一训练改用 4 位权重"}, 14.18);
}

void add_principle(const Subject& subject, Table& table) {
  const auto add = [&](Text name, double printed, Cell formula, std::int64_t weights, const Run* run) {
    table.rows.push_back({std::move(name), printed, std::move(formula), gb(weights),
                          run == nullptr ? Cell{none} : Cell{gb(run->ledger.total())},
                          run == nullptr ? Cell{none} : Cell{gb(run->step.peak_bytes)}});
  };
  const auto weights = [&](WeightStore store, Dtype rest = Dtype::bf16) {
    return weight_bytes(subject.shape, store, rest).total();
  };
  const std::int64_t bits16 = weights(WeightStore::plain);
  const std::int64_t bits4 = weights(WeightStore::bits4_double);
  const Run& qlora = subject.run(TrainingMethod::qlora);
  add({"Full FP16: 2 bytes a parameter", "全参数 FP16：每参数 2 字节"}, 130, subject.nominal * 2 / bytes_per_GB, bits16,
      &subject.run(TrainingMethod::full));
  add({"Full FP32: 4 bytes a parameter", "全参数 FP32：每参数 4 字节"}, 260, subject.nominal * 4 / bytes_per_GB,
      weights(WeightStore::plain, Dtype::f32), nullptr);
  add({"LoRA FP16", "LoRA FP16"}, 65, none, bits16, &subject.run(TrainingMethod::lora));
  add({"QLoRA 4-bit", "QLoRA 4 位"}, 30, none, bits4, &qlora);
  add({"QLoRA 4-bit, the line for a 48 GB card", "QLoRA 4 位（48 GB 显卡一行）"}, 40, none, bits4, &qlora);
  add({"QLoRA 8-bit", "QLoRA 8 位"}, 50, none, weights(WeightStore::int8), nullptr);
}

}  // namespace

Result<Table> printed_table(const Subject& subject) {
  Table table{"printed",
              {"Printed figures, and what is so", "流传的数字与真值"},
              {{"what", "", {"What is printed", "印出的说法"}},
               {"printed", "GB", {"Printed", "印出的数字"}},
               {"formula", "GB", {"By its own formula", "按它自己的公式"}},
               {"weights", "GB", {"Weights (ledger)", "权重（账本）"}},
               {"ledger", "GB", {"Whole step (ledger)", "整步（账本）"}},
               {"simulated", "GB", {"Peak (simulated)", "峰值（模拟）"}}},
              {}};
  add_practice_task(subject, table);
  if (subject.id == "llama-2-7b") {
    add_loading(subject, table);
    if (auto done = add_published(subject, table); !done) return done.error();
  }
  if (subject.id == "llama-65b") add_principle(subject, table);
  return table;
}

Table parts_table(const Subject& subject) {
  Table table{"parts",
              {"What one training step needs (ledger)", "一个训练步需要什么（账本）"},
              {{"part", "", {"Part", "部分"}},
               {"full", "GB", label_of(TrainingMethod::full)},
               {"lora", "GB", label_of(TrainingMethod::lora)},
               {"qlora", "GB", label_of(TrainingMethod::qlora)}},
              {}};
  const auto row = [&](Text name, auto bytes) {
    std::vector<Cell> cells{std::move(name)};
    for (const TrainingMethod method : methods) cells.push_back(gb(bytes(subject.run(method).ledger)));
    table.rows.push_back(std::move(cells));
  };
  row({"weights that are not quantized", "未量化的权重"}, [](const StepLedger& l) { return l.state.weights; });
  row({"4-bit codes", "4 位编码"}, [](const StepLedger& l) { return l.state.quantized_weights; });
  row({"their constants", "量化常数"}, [](const StepLedger& l) { return l.state.quant_constants; });
  row({"adapters", "适配器"}, [](const StepLedger& l) { return l.state.adapter; });
  row({"gradients", "梯度"}, [](const StepLedger& l) { return l.state.gradients; });
  row({"AdamW states", "AdamW 状态"}, [](const StepLedger& l) { return l.state.optimizer_state; });
  row({"activations, a checkpoint at every layer", "激活（每层一个检查点）"},
      [](const StepLedger& l) { return l.activation_total(); });
  row({"logits and their gradients", "logits 及其梯度"},
      [](const StepLedger& l) { return l.activations.logits_bytes; });
  row({"all of it", "合计"}, [](const StepLedger& l) { return l.total(); });
  return table;
}

}  // namespace qlab::lessons::why_qlora
