// Writes what a run found as files: pictures of its charts, data of its tables and charts, the whole as JSON. Target
// qlab::export, since pictures need Cairo and Pango. SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "app/chart/draw.hpp"
#include "app/chart/layout.hpp"
#include "core/base/result.hpp"
#include "lessons/engine/run.hpp"

namespace qlab::views {

enum class ExportFormat { png, svg, pdf, csv, json, html };

/// "png,svg" in the order it is typed, each once. Error: bad_argument that lists the formats.
Result<std::vector<ExportFormat>> parse_export_formats(std::string_view typed);

struct ExportSettings {
  std::filesystem::path folder;  ///< made if it is missing
  std::vector<ExportFormat> formats;
  chart::Style style;
  double scale = 2;  ///< of PNG
};

/// Lesson, parameters, version and the command line that makes it again, for a picture's metadata.
chart::Metadata metadata_of(const lessons::LessonRun& run);

/// Writes LESSON-CHART.png, .svg, .pdf, LESSON-TABLE.csv, LESSON-CHART.csv, LESSON.json, LESSON.html and returns their
/// paths. Everything is made before the first file is written, each file appears whole or not at all. Errors: io with
/// the system's reason; those of the encoders.
Result<std::vector<std::filesystem::path>> export_run(const lessons::LessonRun& run, const ExportSettings& settings);

}  // namespace qlab::views
