// Trainable parameters: by module, by model, by rank.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "core/base/check.hpp"
#include "core/base/units.hpp"
#include "lessons/09-lora/lora.hpp"
#include "lessons/support/figures.hpp"

namespace qlab::lessons {
namespace {

double trainable(const ModelShape& shape, std::int64_t rank, const std::vector<std::string>& targets) {
  return static_cast<double>(adapter_parameters(shape, rank, targets));
}

double total(const ModelShape& shape) { return static_cast<double>(count_parameters(shape).total()); }

constexpr std::array<const char*, 3> swept{"qv", "qkvo", "all-linear"};

}  // namespace

Result<std::vector<NamedShape>> models_of(const Parameters& parameters, const Context& context) {
  const ParameterSpec* spec = parameters.find("model");
  QLAB_CHECK(spec != nullptr);
  std::vector<NamedShape> models;
  for (const Choice& choice : spec->choices) {
    auto shape = load_model_shape(context.assets / "models" / (choice.id + ".json"));
    if (!shape) return shape.error();
    models.push_back({choice.id, choice.label, *std::move(shape)});
  }
  return models;
}

std::vector<std::string> targets_of(const ModelShape& shape, const std::string& id) {
  if (id != "mlp") return lora_targets(shape, id);
  std::vector<std::string> names;
  for (const LinearModule& linear : linears_of_layer(shape)) {
    if (linear.part == LayerPart::mlp) names.emplace_back(linear.path);
  }
  return names;
}

Text label_of_targets(const std::string& id) {
  if (id == "qv") return same("q, v");
  if (id == "qkvo") return same("q, k, v, o");
  if (id == "mlp") return {"MLP", "MLP"};
  return {"all linear layers", "所有线性层"};
}

Table modules_table(const ModelShape& shape, std::int64_t rank, const std::vector<std::string>& targets) {
  Table table{"modules",
              {"Adapters of one layer", "一层中的适配器"},
              {{"module", "", {"Module", "模块"}},
               {"inputs", "", {"Inputs", "输入"}},
               {"outputs", "", {"Outputs", "输出"}},
               {"weights", "", {"Frozen weights", "冻结的权重"}},
               {"adapter", "", {"Adapter r · (in + out)", "适配器 r · (输入 + 输出)"}},
               {"share", "%", {"Share", "占比"}},
               {"all_layers", "", {"In all layers", "所有层合计"}},
               {"training", "MB", {"In training, 16 bytes each", "训练中，每个 16 字节"}}},
              {}};
  for (const qlab::Module& module : modules_of_layer(shape)) {
    if (!module.is_linear()) continue;
    const Text name = same(std::string(module.path));
    const auto weights = static_cast<double>(module.weights());
    const auto inputs = static_cast<double>(module.inputs), outputs = static_cast<double>(module.outputs);
    if (!is_target(module, targets)) {
      table.rows.push_back({name, inputs, outputs, weights, {}, {}, {}, {}});
      continue;
    }
    const auto adapter = static_cast<double>(rank) * (inputs + outputs);
    const double all = adapter * static_cast<double>(shape.num_layers);
    table.rows.push_back(
        {name, inputs, outputs, weights, adapter, 100 * adapter / weights, all, all * training_bytes_per_weight / 1e6});
  }
  return table;
}

Table models_table(const std::vector<NamedShape>& models, std::int64_t rank) {
  Table table{"models", {"Trainable parameters by model", "各模型的可训练参数"}, {}, {}};
  table.columns = {{"model", "", {"Model", "模型"}}, {"parameters", "", {"Parameters", "参数总数"}}};
  for (const char* id : target_sets) {
    std::string name = id;
    std::replace(name.begin(), name.end(), '-', '_');
    table.columns.push_back({name, "", label_of_targets(id)});
  }
  table.columns.push_back(
      {"training", "GB", {"All linear layers in training, 16 bytes each", "所有线性层训练时，每个 16 字节"}});
  for (const NamedShape& model : models) {
    std::vector<Cell> row{model.label, total(model.shape)};
    for (const char* id : target_sets) row.emplace_back(trainable(model.shape, rank, targets_of(model.shape, id)));
    row.emplace_back(std::get<double>(row.back()) * training_bytes_per_weight / bytes_per_GB);
    table.rows.push_back(std::move(row));
  }
  return table;
}

Chart by_module_chart(const NamedShape& model, std::int64_t rank, const std::vector<std::string>& targets) {
  Chart chart = chart_of("by_module", ChartKind::stacked_bars, {"What each module would train", "各模块会训练多少"});
  chart.y = axis_from_zero({"Adapter weights in all layers", "所有层的适配器权重"}, "M");
  Series chosen{.name = "chosen", .label = {"With an adapter", "有适配器"}};
  Series other{.name = "not_chosen", .label = {"Without", "没有"}};
  for (const qlab::Module& module : modules_of_layer(model.shape)) {
    if (!module.is_linear()) continue;
    const std::string path(module.path);
    chart.x.categories.push_back(same(path.substr(path.rfind('.') + 1)));
    const double millions = static_cast<double>(rank * (module.inputs + module.outputs) * model.shape.num_layers) / 1e6;
    const bool with = is_target(module, targets);
    for (Series* series : {&chosen, &other}) {
      series->x.push_back(static_cast<double>(chart.x.categories.size() - 1));
      series->y.push_back((series == &chosen) == with ? millions : 0);
    }
  }
  chart.series = {std::move(chosen), std::move(other)};
  chart.note = {
      fmt::format("{}, r = {}: a matrix of [out, in] gets A [r, in] and B [out, r].", model.label.en, rank),
      fmt::format("{}，r = {}：形状 [输出, 输入] 的矩阵配上 A [r, 输入] 和 B [输出, r]。", model.label.zh, rank)};
  return chart;
}

Chart by_model_chart(const std::vector<NamedShape>& models, std::int64_t rank) {
  Chart chart =
      chart_of("by_model", ChartKind::grouped_bars, {"Trainable share of real models", "真实模型的可训练占比"});
  chart.y = axis_from_zero({"Trainable of all parameters", "可训练参数占全部参数"}, "%");
  for (const char* id : swept) {
    Series series;
    series.name = id == std::string("all-linear") ? "all_linear" : id;
    series.label = label_of_targets(id);
    chart.series.push_back(std::move(series));
  }
  for (const NamedShape& model : models) {
    chart.x.categories.push_back(model.label);
    for (std::size_t i = 0; i < swept.size(); ++i) {
      const double adapters = trainable(model.shape, rank, targets_of(model.shape, swept[i]));
      chart.series[i].x.push_back(static_cast<double>(chart.x.categories.size() - 1));
      chart.series[i].y.push_back(100 * adapters / (total(model.shape) + adapters));
    }
  }
  return chart;
}

Chart by_rank_chart(const NamedShape& model, std::int64_t rank) {
  Chart chart = chart_of("by_rank", ChartKind::line, {"The rank sweep", "秩的扫描"});
  chart.x = logarithmic_axis({"Rank r", "秩 r"});
  chart.y = logarithmic_axis({"Trainable parameters", "可训练参数"}, "M");
  for (const char* id : swept) {
    Series series;
    series.name = id == std::string("all-linear") ? "all_linear" : id;
    series.label = label_of_targets(id);
    const std::vector<std::string> targets = targets_of(model.shape, id);
    for (std::int64_t r = 1; r <= 512; r *= 2) {
      series.x.push_back(static_cast<double>(r));
      series.y.push_back(trainable(model.shape, r, targets) / 1e6);
    }
    series.marks = true;
    chart.series.push_back(std::move(series));
  }
  const std::string now = fmt::format("r = {}", rank);
  chart.lines = {{true, static_cast<double>(rank), same(now)}};
  chart.note = {"Exact for " + model.label.en + ": r times inputs and outputs of every target.",
                "对 " + model.label.zh + " 精确：r 乘以每个目标的输入与输出之和。"};
  return chart;
}

}  // namespace qlab::lessons
