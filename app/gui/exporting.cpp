#include "app/gui/exporting.hpp"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <exception>
#include <utility>

#include "core/base/check.hpp"

namespace qlab::gui {
namespace {

namespace fs = std::filesystem;

std::string home() {
  const char* folder = std::getenv("HOME");  // NOLINT(concurrency-mt-unsafe): nobody writes the environment
  return folder == nullptr ? "" : folder;
}

Written written(const lessons::LessonRun& run, const views::ExportSettings& settings) {
  try {
    return views::export_run(run, settings);
  } catch (const std::exception& thrown) {
    return Error{Errc::io, "the files cannot be written", settings.folder.string(), thrown.what()};
  }
}

}  // namespace

std::string default_export_folder() {
  const fs::path base = home().empty() ? fs::path(".") : fs::path(home());
  return (base / "qloralab").string();
}

fs::path typed_folder(const std::string& typed) {
  if (typed == "~") return home();
  return typed.starts_with("~/") ? fs::path(home()) / typed.substr(2) : fs::path(typed);
}

lessons::LessonRun exported_part(const lessons::LessonRun& run, std::optional<std::size_t> chart) {
  lessons::LessonRun part = run;
  if (!chart) return part;
  QLAB_CHECK(*chart < run.report.charts.size());
  part.report.charts = {run.report.charts[*chart]};
  part.report.tables.clear();
  return part;
}

void toggle_format(ExportPanel& panel, views::ExportFormat format) {
  const auto found = std::find(panel.formats.begin(), panel.formats.end(), format);
  if (found == panel.formats.end()) {
    panel.formats.push_back(format);
  } else {
    panel.formats.erase(found);
  }
}

void start_export(ExportPanel& panel, const lessons::LessonRun& run, chart::Theme window_theme, Language language,
                  const std::function<void()>& wake) {
  QLAB_CHECK(!panel.busy() && !panel.formats.empty());
  views::ExportSettings settings;
  settings.folder = typed_folder(panel.folder);
  settings.formats = panel.formats;
  settings.scale = panel.scale;
  settings.style.theme = panel.theme.value_or(window_theme);
  settings.style.language = language;
  settings.style.transparent = panel.transparent;
  panel.result.reset();
  panel.running = std::async(std::launch::async, [part = exported_part(run, panel.chart), settings, wake] {
    auto result = written(part, settings);
    wake();
    return result;
  });
}

bool receive_export(ExportPanel& panel) {
  if (!panel.busy() || panel.running.wait_for(std::chrono::seconds(0)) != std::future_status::ready) return false;
  panel.result = panel.running.get();
  return true;
}

}  // namespace qlab::gui
