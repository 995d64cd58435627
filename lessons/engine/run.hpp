// Runs a lesson: checks the parameters, calls the experiment, and judges the expectations of a scenario.
// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

#include "core/report/report.hpp"
#include "lessons/engine/lesson.hpp"

namespace qlab::lessons {

/// A Report with what made it: what every view (JSON, CSV, text, pictures, JUnit) is given.
struct LessonRun {
  const Lesson* lesson = nullptr;  ///< outlives the run
  std::string scenario;            ///< "default" unless asked otherwise
  Parameters parameters;
  Report report;
  std::string command{};  ///< what was typed, where it was no `run`

  /// The command line that makes this Report again, quoted for a shell: `qloralab run nf4 --set block_size=128`.
  std::string command_line() const;
};

/// The lesson's parameters with a scenario's overrides. Error: not_found that lists the scenarios.
Result<Parameters> parameters_of(const Lesson& lesson, std::string_view scenario);

/// Runs the experiment on `parameters`. Where they are the scenario's own, its expectations are judged and added to the
/// Report's checks as `expect_VALUE`, `expect_VALUE_at_least` and `expect_VALUE_at_most`; with other parameters, or in
/// an incomplete Report, they promise nothing. Errors: those of the experiment; not_found for the scenario; bad_file
/// for an expectation of a value that the Report lacks.
Result<LessonRun> run(const Lesson& lesson, std::string_view scenario, Parameters parameters, const Context& context);

}  // namespace qlab::lessons
