// Writing what is on the screen to files: the choices of the export panel, and the work, which runs beside the window
// through the same function as the command line's --export. SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <functional>
#include <future>
#include <optional>
#include <string>
#include <vector>

#include "app/views/export.hpp"

namespace qlab::gui {

using Written = Result<std::vector<std::filesystem::path>>;

struct ExportPanel {
  std::optional<std::size_t> chart;  ///< one chart, or everything
  std::vector<views::ExportFormat> formats{views::ExportFormat::png};
  std::optional<chart::Theme> theme;  ///< unset: the window's
  bool transparent = false;
  int scale = 2;  ///< of PNG, 1 to 4
  std::string folder;
  bool asked_for = false;         ///< the panel should open in the next frame
  std::optional<Written> result;  ///< of the last export
  std::future<Written> running;

  bool busy() const { return running.valid(); }
};

/// Where exports go unless the person says otherwise: a folder in the home directory, or in the working directory where
/// there is none.
std::string default_export_folder();

/// "~/slides" as the shell would read it; other paths as they are.
std::filesystem::path typed_folder(const std::string& typed);

/// What is exported of a run: all of it, or one chart with nothing beside it.
lessons::LessonRun exported_part(const lessons::LessonRun& run, std::optional<std::size_t> chart);

void toggle_format(ExportPanel& panel, views::ExportFormat format);

/// Starts writing. `wake` is called from the worker when it is done. Needs at least one format and no running export.
void start_export(ExportPanel& panel, const lessons::LessonRun& run, chart::Theme window_theme, Language language,
                  const std::function<void()>& wake);

/// Takes in the result when it is there. Returns whether it came.
bool receive_export(ExportPanel& panel);

}  // namespace qlab::gui
