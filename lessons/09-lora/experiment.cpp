// lora: trainable parameters of real models, the low rank of an update, and merging.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "core/base/units.hpp"
#include "lessons/09-lora/lora.hpp"
#include "lessons/09-lora/training.hpp"
#include "lessons/support/figures.hpp"

namespace qlab::lessons {
namespace {

struct Counts {
  std::int64_t adapters = 0;
  std::int64_t all = 0;  ///< adapters included, as PEFT prints them
  double percent() const { return 100 * static_cast<double>(adapters) / static_cast<double>(all); }
};

Counts counts_of(const ModelShape& shape, std::int64_t rank, const std::vector<std::string>& targets) {
  const std::int64_t adapters = adapter_parameters(shape, rank, targets);
  return {adapters, count_parameters(shape).total() + adapters};
}

void add_counts(const Counts& counts, std::int64_t rank, double alpha, Report& report) {
  const auto adapters = static_cast<double>(counts.adapters);
  report.add_value("trainable", adapters, "", {"Trainable parameters", "可训练参数"});
  report.add_value("all_parameters", static_cast<double>(counts.all), "", {"All parameters", "全部参数"});
  report.add_value("trainable_percent", counts.percent(), "%", {"Trainable share", "可训练占比"});
  report.add_value("adapter_file_mb", 2 * adapters / 1e6, "MB", {"Adapters in 16 bits", "16 位的适配器"});
  report.add_value("adam_mb", 8 * adapters / 1e6, "MB", {"AdamW's two moments in fp32", "fp32 的 AdamW 两个矩"});
  report.add_value("training_gb", training_bytes_per_weight * adapters / bytes_per_GB, "GB",
                   {"Adapters, gradients and moments in fp32", "fp32 的适配器、梯度与矩"});
  report.add_value("scaling", alpha / static_cast<double>(rank), "", {"Scaling α / r", "缩放 α / r"});
}

/// A printed count of trainable parameters beside the exact one.
Check count_claim(std::string name, Text label, std::int64_t value, double truth, double claim, Text source) {
  return make_claim_check(std::move(name), std::move(label), static_cast<double>(value), truth, 0, claim, 0,
                          std::move(source));
}

void add_claims(const std::vector<NamedShape>& models, Report& report) {
  const auto shape_of = [&](const char* id) -> const ModelShape& {
    return std::find_if(models.begin(), models.end(), [&](const NamedShape& model) { return model.id == id; })->shape;
  };
  const ModelShape& small = shape_of("llama-2-7b");
  const ModelShape& large = shape_of("llama-13b");
  const Counts seven = counts_of(small, 16, targets_of(small, "qkvo"));
  const Counts thirteen = counts_of(large, 16, targets_of(large, "qkvo"));
  report.checks.push_back(count_claim(
      "trainable_7b", {"Llama 2 7B, r = 16 on q, k, v, o: trainable", "Llama 2 7B，r = 16 作用于 q、k、v、o：可训练"},
      seven.adapters, 32 * 4 * 16 * 8192.0, 4194304,
      {"a practice task prints 4,194,304; truth: 32 layers · 4 modules · 16 · (4096 + 4096)",
       "某实践任务打印 4,194,304；真值：32 层 · 4 个模块 · 16 · (4096 + 4096)"}));
  report.checks.push_back(
      count_claim("printed_7b", {"Llama 2 7B, r = 8 on q and v: trainable", "Llama 2 7B，r = 8 作用于 q、v：可训练"},
                  adapter_parameters(small, 8, targets_of(small, "qv")), 32 * 2 * 8 * 8192.0, 4194304,
                  {"the printed 4,194,304 is, for example, this; truth: 32 · 2 · 8 · 8192",
                   "打印的 4,194,304 例如就是它；真值：32 · 2 · 8 · 8192"}));
  report.checks.push_back(
      count_claim("all_7b", {"Llama 2 7B with these adapters: all parameters", "Llama 2 7B 加上这些适配器：全部参数"},
                  seven.all, 6738415616.0 + 16777216, 6742609920,
                  {"a practice task prints 6,742,609,920; truth: the hub's 6,738,415,616 and the adapters",
                   "某实践任务打印 6,742,609,920；真值：模型库给出的 6,738,415,616 加适配器"}));
  report.checks.push_back(count_claim(
      "trainable_13b", {"LLaMA 13B, r = 16 on q, k, v, o: trainable", "LLaMA 13B，r = 16 作用于 q、k、v、o：可训练"},
      thirteen.adapters, 40 * 4 * 16 * 10240.0, 6291456,
      {"a text on the principle prints 6,291,456, which 40 layers do not divide; truth: 40 · 4 · 16 · (5120 + 5120)",
       "某原理介绍打印 6,291,456，它不能被 40 层整除；真值：40 · 4 · 16 · (5120 + 5120)"}));
  report.checks.push_back(make_claim_check("adapter_bytes",
                                           {"Adapters of the 7B case in 16 bits, MB", "7B 情形的适配器（16 位），MB"},
                                           2 * static_cast<double>(seven.adapters) / 1e6, 33.554432, 1e-9, 40, 4,
                                           {"a practice task counts 40 MB; truth: 2 · 16,777,216 bytes",
                                            "某实践任务算作 40 MB；真值：2 · 16,777,216 字节"}));
  report.checks.push_back(
      make_claim_check("adam_bytes", {"AdamW's moments of the 7B case, MB", "7B 情形的 AdamW 矩，MB"},
                       8 * static_cast<double>(seven.adapters) / 1e6, 134.217728, 1e-9, 80, 4,
                       {"a practice task counts 80 MB; truth: 8 · 16,777,216 bytes, fp32 as PEFT trains",
                        "某实践任务算作 80 MB；真值：8 · 16,777,216 字节，PEFT 以 fp32 训练"}));
  const std::vector<std::string> seven_names{"q_proj",    "k_proj",  "v_proj",   "o_proj",
                                             "gate_proj", "up_proj", "down_proj"};
  const auto unmatched = unmatched_targets(shape_of("opt-13b"), seven_names);
  report.checks.push_back(make_claim_check(
      "opt_targets",
      {"Of seven targets named for OPT 13B, found in the model", "为 OPT 13B 指定的七个目标中，模型里有的"},
      static_cast<double>(seven_names.size() - unmatched.size()), 3, 0, 7, 0,
      {"a text on the principle gives OPT 13B the names of a Llama; truth: q, k, v match, its others are out_proj, "
       "fc1, "
       "fc2, and PEFT says nothing: 19,660,800 trainable",
       "某原理介绍把 Llama 的名字用在 OPT 13B 上；真值：只有 q、k、v 对得上，其余叫 out_proj、fc1、fc2，而 PEFT "
       "一声不响：可训练 "
       "19,660,800"}));
}

/// The update of weights in question, what a rank holds of it, and merging it.
Result<Done> add_update(const Update& update, std::int64_t rank, double alpha, double update_percent,
                        const Context& context, Report& report) {
  const auto decomposition = decompose(update.values, update.rows, update.columns);
  if (!decomposition) return decomposition.error();
  std::vector<float> random(update.values.size());
  if (auto done = context.backend.generate({.seed = 100}, 0, random); !done) return done.error();
  const auto of_random = decompose(random, update.rows, update.columns);
  if (!of_random) return of_random.error();
  const LowRank low = best_approximation(*decomposition, rank);
  const auto merging = merging_of(low, update.rows, update.columns, alpha, update_percent, context.backend);
  if (!merging) return merging.error();

  const double error = best_relative_error(*decomposition, rank);
  report.add_value("update_error_percent", 100 * error, "%",
                   {"Least error of the update at rank r", "秩 r 下更新的最小误差"});
  report.add_value("update_held_percent", 100 * (1 - error * error), "%",
                   {"Share of the update's squares that rank r holds", "秩 r 容纳的更新平方和占比"});
  std::int64_t needed = 0;
  while (best_relative_error(*decomposition, needed) > 0.1) ++needed;
  report.add_value("rank_for_10_percent", static_cast<double>(needed), "",
                   {"Rank that the update needs for an error of 10 %", "误差降到 10 % 所需的秩"});
  report.add_value("random_error_percent", 100 * best_relative_error(*of_random, rank), "%",
                   {"The same of a random matrix", "随机矩阵的同一误差"});
  report.add_value("merged_fp32_percent", 100 * merging->in_fp32, "%",
                   {"Merged into fp32: change beside the adapter's part", "合并为 fp32：变化与适配器贡献之比"});
  report.add_value("merged_bf16_percent", 100 * merging->in_bf16, "%",
                   {"Merged into bf16: the same", "合并为 bf16：同上"});
  report.add_value("merged_nf4_percent", 100 * merging->in_nf4, "%",
                   {"Merged and quantized again: the same", "合并后再量化：同上"});
  report.charts.push_back(singular_values_chart(*decomposition, *of_random, rank));
  report.charts.push_back(error_by_rank_chart(*decomposition, *of_random, rank));
  report.charts.push_back(merging_chart(*merging));
  report.checks.push_back(
      make_check("eckart_young", {"Error of the best approximation, element by element", "最佳近似的误差，逐元素计算"},
                 measured_relative_error(update, low), error, 1e-5,
                 {"from the singular values that are left out (Eckart and Young 1936)",
                  "由略去的奇异值算出（Eckart 与 Young，1936）"}));
  report.checks.push_back(make_bound_check(
      "merging_is_exact",
      {"Largest difference after merging in fp32, beside the largest output", "以 fp32 合并后的最大差，与最大输出之比"},
      merging->largest_difference, Relation::at_most, 1e-5,
      {"rounding of sums of some hundred fp32 products; a claim in circulation says merging is free",
       "几百个 fp32 乘积求和的舍入；流传的说法是合并没有代价"}));
  report.notes.push_back({"Counts are exact, from the models' config.json. The update is " + update.description.en +
                              fmt::format(" of size {} x {}.", update.rows, update.columns),
                          "计数精确，来自各模型的 config.json。这里的更新：" + update.description.zh +
                              fmt::format("，大小 {} x {}。", update.rows, update.columns)});
  return Done{};
}

Report with_sweep(Report report, const TuningSweep& sweep) {
  add_tuning_values(sweep, report);
  report.tables.push_back(tuning_table(sweep));
  report.charts.insert(report.charts.begin(), {tuned_by_rank_chart(sweep), tuned_by_size_chart(sweep)});
  report.notes.push_back(
      {"Trained live: two layers of width 32, letters that follow two others, a quarter of the rules changed; AdamW "
       "with rate 0.004 in full and 0.02 for adapters, alpha = 2 r. A toy: it shows how such a comparison is made, not "
       "what a 7B model needs.",
       "现场训练：两层、宽 32，学习“两个字母之后是哪个字母”，四分之一的规则改变；AdamW，全参数学习率 0.004，适配器 "
       "0.02，"
       "alpha = 2 r。这是玩具模型：它说明怎样做这种比较，而不是 7B 模型需要什么。"});
  return report;
}

}  // namespace

Result<Report> lora_experiment(const Parameters& parameters, const Context& context) {
  const auto models = models_of(parameters, context);
  if (!models) return models.error();
  const NamedShape& model = *std::find_if(models->begin(), models->end(),
                                          [&](const NamedShape& one) { return one.id == parameters.text("model"); });
  const std::int64_t rank = parameters.integer("rank");
  const double alpha = parameters.number("alpha");
  const std::vector<std::string> targets = targets_of(model.shape, parameters.text("targets"));
  Report report;
  add_counts(counts_of(model.shape, rank, targets), rank, alpha, report);
  report.tables = {modules_table(model.shape, rank, targets), models_table(*models, rank)};
  report.charts = {by_module_chart(model, rank, targets), by_rank_chart(model, rank), by_model_chart(*models, rank)};
  add_claims(*models, report);
  const auto stopped = [&report] {
    report.complete = false;
    return report;
  };

  // Training is the slow part; it reports as it goes and can be stopped anywhere.
  const bool trained_update = parameters.text("update") == "trained", sweeps = parameters.flag("train_adapters");
  const std::int64_t steps = parameters.integer("train_steps");
  std::optional<SmallModel> small;
  if (trained_update || sweeps) {
    small.emplace();
    const double share = sweeps ? 0.1 : 0.8;
    if (!small->learn(context.stop, [&](double fraction) { context.tell_progress(share * fraction); }))
      return stopped();
  }
  std::optional<Update> update;
  if (trained_update) {
    update = small->true_update(parameters.text("module"), steps, context.stop);
    if (!update) return stopped();
  } else {
    auto generated = generated_update(parameters, context);
    if (!generated) return generated.error();
    update = *std::move(generated);
  }
  if (auto done = add_update(*update, rank, alpha, parameters.number("update_percent"), context, report); !done) {
    return done.error();
  }
  if (!sweeps) return report;
  TuningSweep sweep;
  const bool finished = small->sweep(steps, parameters.integer("train_seeds"), context.stop, sweep,
                                     [&](const TuningSweep& so_far, double fraction) {
                                       context.tell_progress(0.1 + 0.9 * fraction);
                                       context.tell(with_sweep(report, so_far));
                                     });
  report = with_sweep(std::move(report), sweep);
  report.complete = finished;
  return report;
}

}  // namespace qlab::lessons
