// A Report with one of everything, and a run of the small lesson that carries it.
// SPDX-License-Identifier: MIT
#pragma once

#include <limits>

#include "core/report/report.hpp"
#include "tests/lessons/engine/small_lesson.hpp"

namespace qlab::test {

inline Report sample_report() {
  Report report;
  report.add_value("mse", 0.00845213, "", {"Error", "误差"});
  report.add_value("parameter_count", 6738415616.0, "parameters", {"Parameters", "参数量"});
  report.add_value("sqnr_db", std::numeric_limits<double>::infinity(), "dB", {"Signal to noise", "信噪比"});
  Table table{"types", {"Types", "类型"}, {{"type", "", {"Type", "类型"}}, {"bits", "bits", {"Bits", "位数"}}}, {}};
  table.rows.push_back({Text{"nf4, \"new\"", "四位"}, 4.5});
  table.rows.push_back({Text{"none", "无"}, std::monostate()});
  report.tables.push_back(table);
  Chart chart;
  chart.name = "error";
  chart.title = {"Error by block", "各块的误差"};
  chart.x = {{"Block", "块"}, "values", true, {}, {}, {}};
  chart.series.push_back({"nf4", {"NF4", "NF4"}, {16, 32}, {0.5, std::numeric_limits<double>::quiet_NaN()}, {}, true});
  chart.lines.push_back({true, 64, {"here", "此处"}});
  report.charts.push_back(chart);
  report.checks.push_back(
      make_check("mse_known", {"Error of NF4", "NF4 的误差"}, 0.00845213, 0.008452, 0.0001, {"a library", "一个库"}));
  report.checks.push_back(
      make_claim_check("saved", {"Saved, GB", "节省，GB"}, 3.02, 3.02, 0.01, 0.4, 0.05, {"a task", "一道练习"}));
  report.checks.push_back(
      make_bound_check("speed", {"Speed", "速度"}, 0.5, Relation::at_least, 0.8, {"the issue", "任务"}));
  report.documents.push_back({"lines", "log", "[INFO] one\n[INFO] two"});
  report.notes.push_back({"A sample of the file.", "文件的一部分。"});
  return report;
}

/// Keeps the lesson that its run points to.
struct SampleRun {
  TemporaryFolder folder;
  lessons::Lesson lesson;
  lessons::LessonRun run;

  SampleRun()
      : lesson(*load_small(folder / "02-small", small_lesson_toml)),
        run{&lesson, "default", Parameters(lesson.parameters), sample_report()} {}
};

}  // namespace qlab::test
