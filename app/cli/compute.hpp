// Runs lessons for the commands: parameters from the command line, a Context that Ctrl-C stops, a progress bar.
// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "app/cli/command.hpp"
#include "core/experiment/backend.hpp"
#include "lessons/engine/run.hpp"

namespace qlab::cli {

/// The scenario's parameters, then --seed where there is such a parameter, then each "NAME=VALUE". Errors:
/// bad_argument, not_found.
Result<Parameters> chosen_parameters(const lessons::Lesson& lesson, const std::string& scenario,
                                     const std::vector<std::string>& settings, const Common& common);

/// As lessons::run. Error: cancelled after Ctrl-C.
Result<lessons::LessonRun> compute(const lessons::Lesson& lesson, const std::string& scenario, Parameters parameters,
                                   const std::filesystem::path& data_root, Backend& backend);

}  // namespace qlab::cli
