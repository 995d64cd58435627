// scoreboard: predictions of the simulated step beside what others measured, and beside PyTorch's code on fake tensors.
// Two kinds of evidence, two tables; rows that cannot be compared are listed with the reason.
#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "core/base/units.hpp"
#include "core/experiment/context.hpp"
#include "core/memory/fit/measured_runs.hpp"
#include "core/memory/fit/reference.hpp"
#include "lessons/support/figures.hpp"
#include "lessons/support/scores.hpp"

namespace qlab::lessons {
namespace {

// What the authors of fitcheck-llm 0.3.1 report of their own totals.
constexpr double reported_mean_percent = 2.4;
constexpr double reported_worst_percent = 13.9;

double gib(std::int64_t bytes) { return static_cast<double>(bytes) / bytes_per_GiB; }

Cell percent_or_nothing(const std::optional<double>& percent) { return percent ? Cell{*percent} : Cell{}; }

struct FakeScore {
  FakeTensorRun run;
  std::int64_t predicted_bytes = 0;

  double error_percent() const {
    return 100.0 * static_cast<double>(predicted_bytes - run.peak_bytes) / static_cast<double>(run.peak_bytes);
  }
};

/// Everything that is measured and simulated; `complete` is false where it was stopped.
struct Board {
  std::vector<MeasuredRun> t4_runs;
  std::vector<Score> t4;
  std::vector<PublishedRun> published_runs;
  std::vector<Score> published;
  std::vector<NotComparable> others;
  std::vector<FakeScore> fake;
  bool complete = true;
};

Result<Board> play(const Context& context, bool workspaces) {
  Board board;
  const auto cards = load_cards(context.assets / "gpus.json");
  if (!cards) return cards.error();
  auto measured = load_measured_runs(context.assets / "reference" / "t4_measured.json", *cards);
  if (!measured) return measured.error();
  auto published = load_published(context.assets);
  if (!published) return published.error();
  auto fake = load_fake_tensor_runs(context.assets / "reference" / "fake_tensor_steps.json");
  if (!fake) return fake.error();

  const auto total = static_cast<double>(measured->size() + published->runs.size() + fake->size());
  double done = 0;
  const auto stopped = [&] {
    context.tell_progress(done++ / total);
    board.complete = !context.stop.stop_requested();
    return !board.complete;
  };
  for (MeasuredRun& run : *measured) {
    if (stopped()) return board;
    const auto bytes = predicted_bytes(run);
    if (!bytes) return bytes.error();
    const std::int64_t counted = workspaces ? run.workspace_bytes : 0;
    board.t4.push_back({run.name, run.measured_bytes, *bytes - run.workspace_bytes + counted, counted});
    board.t4_runs.push_back(std::move(run));
  }
  const CardOverheads overheads;  // the published runs are on A100s
  for (PublishedRun& run : published->runs) {
    if (stopped()) return board;
    const auto footprint = footprint_of(run.plan, overheads);
    if (!footprint) return footprint.error();
    const std::int64_t counted = workspaces ? footprint->workspaces : 0;
    const std::int64_t tensors = footprint->tensors + footprint->kernels + counted;
    const std::int64_t process = footprint->process() - footprint->workspaces + counted;
    board.published.push_back({run.name, run.measured_bytes, run.of_process ? process : tensors, counted});
    board.published_runs.push_back(std::move(run));
  }
  board.others = std::move(published->others);
  for (FakeTensorRun& run : *fake) {
    if (stopped()) return board;
    const auto figures = simulate_figures(run.plan.shape, run.plan.settings);
    if (!figures) return figures.error();
    board.fake.push_back({std::move(run), figures->peak_bytes});
  }
  return board;
}

Table t4_table(const Board& board) {
  Table table =
      scores_table("measured_on_a_t4",
                   {"Measured on a Tesla T4: peak allocated memory", "在 Tesla T4 上测得：已分配显存的峰值"}, board.t4);
  table.columns.push_back({"fitcheck_error", "%", {"fitcheck-llm, whole process", "fitcheck-llm（整个进程）"}});
  for (std::size_t i = 0; i < table.rows.size(); ++i) {
    table.rows[i].push_back(percent_or_nothing(board.t4_runs[i].estimator_percent));
  }
  return table;
}

Table published_table(const Board& board) {
  Table table;
  table.name = "published";
  table.title = {"Figures that others print", "别人公布的数字"};
  table.columns = {{"run", "", {"Run", "运行"}},
                   {"measured", "GB", {"Printed", "公布值"}},
                   {"predicted", "GB", {"Ours", "预测"}},
                   {"error", "%", {"Error", "误差"}},
                   {"of", "", {"Of", "口径"}},
                   {"source", "", {"Source", "来源"}}};
  for (std::size_t i = 0; i < board.published.size(); ++i) {
    const Score& score = board.published[i];
    const PublishedRun& run = board.published_runs[i];
    table.rows.push_back({same(score.name), static_cast<double>(score.measured_bytes) / bytes_per_GB,
                          static_cast<double>(score.predicted_bytes) / bytes_per_GB, score.error_percent(),
                          run.of_process ? Text{"the process", "整个进程"} : Text{"tensors", "张量"},
                          same(run.source)});
  }
  return table;
}

Table others_table(const Board& board) {
  Table table;
  table.name = "not_comparable";
  table.title = {"Not comparable, and why", "无法对照的，以及原因"};
  table.columns = {{"source", "", {"Source", "来源"}}, {"reason", "", {"Reason", "原因"}}};
  for (const NotComparable& other : board.others) table.rows.push_back({same(other.source), other.reason});
  return table;
}

Table fake_table(const Board& board) {
  Table table;
  table.name = "fake_tensors";
  table.title = {"PyTorch's code on fake tensors, no card", "PyTorch 的代码在假张量上（无显卡）"};
  table.columns = {{"run", "", {"Run", "运行"}},
                   {"peak", "GiB", {"Peak", "峰值"}},
                   {"predicted", "GiB", {"Ours", "预测"}},
                   {"error", "%", {"Error", "误差"}},
                   {"fitcheck_error", "%", {"fitcheck-llm", "fitcheck-llm"}},
                   {"accelerate_error", "%", {"accelerate", "accelerate"}}};
  for (const FakeScore& score : board.fake) {
    table.rows.push_back({same(score.run.name), gib(score.run.peak_bytes), gib(score.predicted_bytes),
                          score.error_percent(), score.run.fitcheck_percent,
                          percent_or_nothing(score.run.accelerate_percent)});
  }
  return table;
}

std::string model_of(const std::string& run) { return run.substr(0, run.find(' ')); }

std::vector<ScoreGroup> groups_of(const Board& board) {
  std::vector<ScoreGroup> groups;
  for (const Score& score : board.t4) {
    const Text label{"T4: " + model_of(score.name), "T4：" + model_of(score.name)};
    auto group =
        std::find_if(groups.begin(), groups.end(), [&](const ScoreGroup& g) { return g.label.en == label.en; });
    if (group == groups.end()) group = groups.insert(group, ScoreGroup{label, {}});
    group->scores.push_back(score);
  }
  groups.push_back({{"Published figures", "公布的数字"}, board.published});
  return groups;
}

void add_values(const Board& board, Report& report) {
  const Errors t4 = errors_of(board.t4), published = errors_of(board.published);
  report.add_value("t4_runs", static_cast<double>(board.t4.size()), "", {"Runs on a T4", "T4 上的运行"});
  report.add_value("t4_mean_error_percent", t4.mean, "%", {"Mean error on the T4", "T4 上的平均误差"});
  report.add_value("t4_worst_error_percent", t4.worst, "%", {"Worst error on the T4", "T4 上的最大误差"});
  report.add_value("published_runs", static_cast<double>(board.published.size()), "",
                   {"Published figures compared", "对照的公布数字"});
  report.add_value("published_mean_error_percent", published.mean, "%",
                   {"Mean error on published figures", "公布数字上的平均误差"});
  report.add_value("published_worst_error_percent", published.worst, "%",
                   {"Worst error on published figures", "公布数字上的最大误差"});

  const auto exact = std::count_if(board.fake.begin(), board.fake.end(), [](const FakeScore& score) {
    return score.predicted_bytes == score.run.peak_bytes;
  });
  report.add_value("fake_runs", static_cast<double>(board.fake.size()), "", {"Runs on fake tensors", "假张量上的运行"});
  report.add_value("fake_exact_runs", static_cast<double>(exact), "", {"Of them equal to the byte", "其中逐字节一致"});

  double sum = 0, worst = 0, count = 0;
  for (const MeasuredRun& run : board.t4_runs) {
    if (!run.estimator_percent) continue;
    sum += std::abs(*run.estimator_percent);
    worst = std::max(worst, std::abs(*run.estimator_percent));
    ++count;
  }
  std::vector<double> off;
  for (const FakeScore& score : board.fake) off.push_back(std::abs(score.run.fitcheck_percent));
  std::sort(off.begin(), off.end());
  report.add_value("fitcheck_reported_mean_percent", reported_mean_percent, "%",
                   {"fitcheck-llm, mean error as reported", "fitcheck-llm 自报的平均误差"});
  report.add_value("fitcheck_reported_worst_percent", reported_worst_percent, "%",
                   {"fitcheck-llm, worst error as reported", "fitcheck-llm 自报的最大误差"});
  report.add_value("fitcheck_mean_percent", count > 0 ? sum / count : 0, "%",
                   {"fitcheck-llm, mean error from these rows", "fitcheck-llm 由这些数据算出的平均误差"});
  report.add_value("fitcheck_worst_percent", worst, "%",
                   {"fitcheck-llm, worst error from these rows", "fitcheck-llm 由这些数据算出的最大误差"});
  report.add_value("fitcheck_fake_median_percent", off.empty() ? 0 : off[off.size() / 2], "%",
                   {"fitcheck-llm, median error on fake tensors", "fitcheck-llm 在假张量上的误差中位数"});
}

}  // namespace

Result<Report> scoreboard_experiment(const Parameters& parameters, const Context& context) {
  const auto board = play(context, parameters.flag("workspaces"));
  if (!board) return board.error();
  Report report;
  report.complete = board->complete;
  add_values(*board, report);
  report.tables = {t4_table(*board), published_table(*board), others_table(*board), fake_table(*board)};
  Chart chart = scores_chart("predicted_against_measured",
                             {"Predicted against measured, real cards", "预测与实测（真实显卡）"}, groups_of(*board));
  chart.note = {"T4: peak allocated memory. Published figures: as their sources count.",
                "T4：已分配显存的峰值。公布的数字：按各来源的口径。"};
  report.charts.push_back(std::move(chart));
  report.notes = {{"Real cards and fake tensors are two kinds of evidence and are never averaged together.",
                   "真实显卡与假张量是两种证据，从不合在一起求平均。"},
                  {"fitcheck-llm's errors are of its totals against the whole process, as its authors compare them.",
                   "fitcheck-llm 的误差是其总量与整个进程相比，与其作者的比较方式相同。"}};
  return report;
}

}  // namespace qlab::lessons
