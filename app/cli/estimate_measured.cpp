// `qloralab estimate --measured`: a user's own runs, in the form of assets/reference/t4_measured.json, beside what the
// simulated step predicts for them.
#include <fmt/format.h>

#include <utility>

#include "app/cli/estimate.hpp"
#include "app/cli/estimate_json.hpp"
#include "app/data_root.hpp"
#include "core/memory/fit/measured_runs.hpp"
#include "lessons/support/scores.hpp"

namespace qlab::cli {

Result<int> estimate_measured(const EstimateOptions& typed, const Common& common) {
  const auto exported = export_settings(typed, common);
  if (!exported) return exported.error();
  const auto root = data_root();
  if (!root) return root.error();
  const auto cards = load_cards(*root / "assets" / "gpus.json");
  if (!cards) return cards.error();
  const auto runs = load_measured_runs(typed.measured, *cards);
  if (!runs) return runs.error();
  Json rows = Json::array();
  std::vector<lessons::Score> scores;
  for (const MeasuredRun& run : *runs) {
    const auto predicted = predicted_bytes(run);
    if (!predicted) return predicted.error();
    scores.push_back({run.name, run.measured_bytes, *predicted, run.workspace_bytes});
    rows.push_back({{"measured_bytes", run.measured_bytes},
                    {"predicted_bytes", *predicted},
                    {"error_percent", scores.back().error_percent()},
                    {"cublas_workspace_bytes", run.workspace_bytes},
                    {"name", run.name}});
  }
  const lessons::Errors errors = lessons::errors_of(scores);
  const Json document = {{"format_version", 1},
                         {"rows", rows},
                         {"mean_abs_error_percent", errors.mean},
                         {"worst_error_percent", errors.worst}};
  EstimateAnswer answer;
  answer.title = {"Measured runs", "实测的运行"};
  answer.summary = lessons::errors_sentence(errors, scores.size());
  answer.report.tables.push_back(
      lessons::scores_table("measured", {"Peak allocated memory", "已分配显存的峰值"}, scores));
  answer.report.charts.push_back(
      lessons::scores_chart("measured", {"Predicted against measured", "预测与实测"}, {{{"Runs", "运行"}, scores}}));
  answer.json = document.dump(2) + "\n";
  if (const auto shown = show(std::move(answer), *exported, typed.command, common); !shown) return shown.error();
  return 0;
}

}  // namespace qlab::cli
