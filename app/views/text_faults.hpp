// What a lesson's texts name must exist: live values in the Report, linked lessons in the list.
// SPDX-License-Identifier: MIT
#pragma once

#include <span>
#include <string>

#include "core/base/result.hpp"
#include "lessons/engine/run.hpp"

namespace qlab::views {

/// Looks through en.md and zh.md of the run's lesson. Error: bad_file with file and line of the first {{values.NAME}},
/// {{parameters.NAME}} or lesson:ID that leads nowhere; `ids` are the lessons there are.
Result<Done> check_texts(const lessons::LessonRun& run, std::span<const std::string> ids);

}  // namespace qlab::views
