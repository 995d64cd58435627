// The window: what the command line hands over, and how it ends.
// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/chart/layout.hpp"
#include "core/base/result.hpp"
#include "core/experiment/backend.hpp"
#include "core/experiment/parameters.hpp"
#include "lessons/engine/lesson.hpp"

namespace qlab::gui {

struct WindowOptions {
  std::vector<lessons::Lesson> lessons;  ///< at least one
  std::filesystem::path assets;          ///< Context::assets
  std::unique_ptr<Backend> backend;      ///< used from the window's worker thread only
  std::size_t first = 0;                 ///< index of the one to open
  std::string scenario = "default";      ///< of that lesson
  std::optional<Parameters> parameters;  ///< of that lesson; without them the scenario's
  Language language = Language::en;
  chart::Theme theme = chart::Theme::light;
};

/// Opens the window and returns when the person closes it. Errors: `unsupported` where there is no display or no OpenGL
/// 3.3; not_found where there is no font.
Result<Done> open_window(WindowOptions options);

}  // namespace qlab::gui
