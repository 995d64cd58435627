#include "app/gui/exporting.hpp"

#include <atomic>
#include <cstdlib>

#include "tests/support/catch.hpp"
#include "tests/support/temporary_folder.hpp"

using namespace qlab;
using namespace qlab::gui;
namespace fs = std::filesystem;

namespace {

lessons::LessonRun sample(const lessons::Lesson& lesson) {
  lessons::LessonRun run{&lesson, "default", Parameters({}), {}};
  for (const char* name : {"first", "second"}) {
    Chart chart;
    chart.name = name;
    chart.title = {name, name};
    chart.series.push_back({"s", {"s", "s"}, {0, 1, 2}, {1, 3, 2}, {}, false});
    run.report.charts.push_back(chart);
  }
  run.report.tables.push_back({"t", {}, {{"c", "", {}}}, {{1.0}}});
  return run;
}

lessons::Lesson sample_lesson() {
  lessons::Lesson lesson;
  lesson.id = "demo";
  lesson.scenarios = {{"default", {}, {}, {}}};
  return lesson;
}

/// Waits for the export that runs.
void settle(ExportPanel& panel) {
  panel.running.wait();
  REQUIRE(receive_export(panel));
  REQUIRE(panel.result);
}

}  // namespace

TEST_CASE("exporting: everything is all charts, and one chart is alone", "[app][gui]") {
  const lessons::Lesson lesson = sample_lesson();
  const lessons::LessonRun run = sample(lesson);
  CHECK(exported_part(run, std::nullopt).report.charts.size() == 2);
  const lessons::LessonRun part = exported_part(run, 1);
  REQUIRE(part.report.charts.size() == 1);
  CHECK(part.report.charts[0].name == "second");
  CHECK(part.report.tables.empty());
}

TEST_CASE("exporting: files are written beside the window and it is woken", "[app][gui]") {
  const test::TemporaryFolder folder;
  const lessons::Lesson lesson = sample_lesson();
  ExportPanel panel;
  panel.folder = (folder / "slides").string();
  panel.chart = 0;
  toggle_format(panel, views::ExportFormat::csv);
  std::atomic<int> woken = 0;
  start_export(panel, sample(lesson), chart::Theme::dark, Language::zh, [&] { ++woken; });
  CHECK(panel.busy());
  settle(panel);
  CHECK_FALSE(panel.busy());
  CHECK(woken == 1);
  REQUIRE(*panel.result);
  CHECK(**panel.result == std::vector<fs::path>{folder / "slides/demo-first.png", folder / "slides/demo-first.csv"});
  for (const fs::path& path : **panel.result) CHECK(fs::file_size(path) > 0);
}

TEST_CASE("exporting: a folder that cannot be made is an error that says so", "[app][gui]") {
  const test::TemporaryFolder folder;
  test::put(folder / "file", "in the way");
  const lessons::Lesson lesson = sample_lesson();
  ExportPanel panel;
  panel.folder = (folder / "file/slides").string();
  start_export(panel, sample(lesson), chart::Theme::light, Language::en, [] {});
  settle(panel);
  REQUIRE_FALSE(*panel.result);
  CHECK(panel.result->error().code == Errc::io);
}

TEST_CASE("exporting: a tilde is the home directory", "[app][gui]") {
  const std::string home = std::getenv("HOME") == nullptr ? "" : std::getenv("HOME");
  CHECK(typed_folder("~") == fs::path(home));
  CHECK(typed_folder("~/slides") == fs::path(home) / "slides");
  CHECK(typed_folder("/tmp/~/x") == fs::path("/tmp/~/x"));
}

TEST_CASE("exporting: a format is switched on and off", "[app][gui]") {
  ExportPanel panel;
  toggle_format(panel, views::ExportFormat::svg);
  CHECK(panel.formats == std::vector{views::ExportFormat::png, views::ExportFormat::svg});
  toggle_format(panel, views::ExportFormat::png);
  CHECK(panel.formats == std::vector{views::ExportFormat::svg});
}
