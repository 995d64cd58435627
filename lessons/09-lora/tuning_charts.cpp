// What the small model's tuning shows.
#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <utility>

#include "lessons/09-lora/training.hpp"
#include "lessons/support/figures.hpp"

namespace qlab::lessons {
namespace {

Text label_of(const TunedPoint& point) {
  const Text targets = label_of_targets(point.targets);
  return point.four_bits ? Text{targets.en + ", NF4 model", targets.zh + "（NF4 模型）"} : targets;
}

/// A series for each set of targets; x_of says where a point stands.
template <class X>
std::vector<Series> series_of(const TuningSweep& sweep, const X& x_of) {
  std::vector<Series> all;
  for (const TunedPoint& point : sweep.points) {
    if (point.losses.empty()) continue;
    std::string name = point.targets + (point.four_bits ? "_nf4" : "");
    std::replace(name.begin(), name.end(), '-', '_');
    if (all.empty() || all.back().name != name) {
      Series series;
      series.name = name;
      series.label = label_of(point);
      series.marks = true;
      all.push_back(std::move(series));
    }
    all.back().x.push_back(x_of(point));
    all.back().y.push_back(point.mean());
  }
  return all;
}

std::vector<ReferenceLine> full_line(const TuningSweep& sweep) {
  if (sweep.full.losses.empty()) return {};
  return {{false, sweep.full.mean(), {"full fine-tuning", "全参数微调"}}};
}

Text seeds_note(const TuningSweep& sweep) {
  const std::size_t seeds = sweep.full.losses.size();
  double spread = sweep.full.spread();
  for (const TunedPoint& point : sweep.points) spread = std::max(spread, point.spread());
  return seeds < 2 ? Text{"One seed: differences say little.", "只有一个种子：差异说明不了什么。"}
                   : Text{fmt::format("Means of {} seeds; the same setting differs by up to {:.2f} between them.",
                                      seeds, spread),
                          fmt::format("{} 个种子的平均；同一设置在种子之间最多相差 {:.2f}。", seeds, spread)};
}

}  // namespace

double TunedPoint::mean() const {
  return std::accumulate(losses.begin(), losses.end(), 0.0) / static_cast<double>(losses.size());
}

double TunedPoint::spread() const {
  if (losses.empty()) return 0;
  const auto [low, high] = std::minmax_element(losses.begin(), losses.end());
  return *high - *low;
}

const TunedPoint* TuningSweep::find(const std::string& targets, std::int64_t rank, bool four_bits) const {
  const auto found = std::find_if(points.begin(), points.end(), [&](const TunedPoint& point) {
    return point.targets == targets && point.rank == rank && point.four_bits == four_bits && !point.losses.empty();
  });
  return found == points.end() ? nullptr : &*found;
}

Table tuning_table(const TuningSweep& sweep) {
  Table table{"tuning",
              {"A small model, tuned here and now", "此时此地微调的小模型"},
              {{"targets", "", {"Targets", "目标模块"}},
               {"rank", "", {"Rank", "秩"}},
               {"trainable", "", {"Trainable", "可训练参数"}},
               {"seeds", "", {"Seeds", "种子数"}},
               {"loss", "nats", {"Loss, mean", "损失（平均）"}},
               {"spread", "nats", {"Spread", "差距"}}},
              {}};
  const auto add = [&](Text name, Cell rank, const TunedPoint& point) {
    if (point.losses.empty()) return;
    table.rows.push_back({std::move(name), std::move(rank), static_cast<double>(point.trainable),
                          static_cast<double>(point.losses.size()), point.mean(), point.spread()});
  };
  table.rows.push_back({Text{"before tuning", "微调之前"}, {}, 0.0, {}, sweep.before, {}});
  add({"every weight", "全部权重"}, {}, sweep.full);
  for (const TunedPoint& point : sweep.points) {
    add(label_of(point), static_cast<double>(point.rank), point);
  }
  return table;
}

Chart tuned_by_rank_chart(const TuningSweep& sweep) {
  Chart chart =
      chart_of("tuned_by_rank", ChartKind::line, {"Loss by rank, trained live", "损失随秩的变化（现场训练）"});
  chart.x = logarithmic_axis({"Rank r", "秩 r"});
  chart.y = axis_of({"Loss after tuning", "微调后的损失"}, "nats");
  chart.series = series_of(sweep, [](const TunedPoint& point) { return static_cast<double>(point.rank); });
  chart.lines = full_line(sweep);
  chart.note = seeds_note(sweep);
  return chart;
}

Chart tuned_by_size_chart(const TuningSweep& sweep) {
  Chart chart = chart_of("tuned_by_size", ChartKind::line, {"The same by trained weights", "同样的结果，按可训练参数"});
  chart.x = logarithmic_axis({"Trainable parameters", "可训练参数"});
  chart.y = axis_of({"Loss after tuning", "微调后的损失"}, "nats");
  chart.series = series_of(sweep, [](const TunedPoint& point) { return static_cast<double>(point.trainable); });
  chart.lines = full_line(sweep);
  chart.note = {"At equal size a line that lies lower puts its weights in better places. " + seeds_note(sweep).en,
                "参数一样多时，更低的线把权重放在了更好的地方。" + seeds_note(sweep).zh};
  return chart;
}

void add_tuning_values(const TuningSweep& sweep, Report& report) {
  const TunedPoint* narrow = sweep.find("qv", 16, false);
  const TunedPoint* wide = sweep.find("all-linear", 4, false);
  const TunedPoint* widest = sweep.find("all-linear", 16, false);
  const TunedPoint* quantized = sweep.find("all-linear", 16, true);
  if (narrow == nullptr || wide == nullptr || widest == nullptr || quantized == nullptr) return;
  report.add_value("tuned_before", sweep.before, "nats", {"Loss before tuning", "微调前的损失"});
  report.add_value("tuned_full", sweep.full.mean(), "nats", {"Loss after full fine-tuning", "全参数微调后的损失"});
  report.add_value("tuned_gain_targets", narrow->mean() - wide->mean(), "nats",
                   {"Gain of all linear layers at r = 4 over q, v at r = 16, about equal size",
                    "所有线性层 r = 4 比 q、v r = 16 好多少（参数差不多）"});
  report.add_value("tuned_gain_rank", wide->mean() - widest->mean(), "nats",
                   {"Gain of r = 16 over r = 4 on all linear layers", "所有线性层上 r = 16 比 r = 4 好多少"});
  report.add_value("tuned_cost_of_nf4", quantized->mean() - widest->mean(), "nats",
                   {"What NF4 costs: all linear layers at r = 16", "NF4 的代价：所有线性层，r = 16"});
  report.add_value("tuned_payback", narrow->mean() - quantized->mean(), "nats",
                   {"Gain of all linear layers on NF4 over q, v on the unquantized model, r = 16",
                    "NF4 上的所有线性层比未量化的 q、v 好多少，r = 16"});
  report.add_value("tuned_spread", std::max({narrow->spread(), wide->spread(), widest->spread(), quantized->spread()}),
                   "nats", {"Spread of these between seeds", "它们在种子之间的差距"});
}

}  // namespace qlab::lessons
