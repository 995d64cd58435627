// A run as one HTML page that stands alone: text, parameters, values, charts, tables, checks, and how to repeat it.
// Target qlab::export, since the charts are pictures. SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "lessons/engine/run.hpp"

namespace qlab::views {

/// No script, no reference to another file; light or dark as the reader's screen asks, light on paper. The same run
/// gives the same bytes.
std::string html(const lessons::LessonRun& run, Language language);

}  // namespace qlab::views
