// What `check` found of one scenario of one lesson, for its views (text, JSON, JUnit).
// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>

#include "lessons/engine/run.hpp"

namespace qlab::views {

struct JudgedScenario {
  std::string lesson;  ///< id
  std::string scenario;
  double seconds = 0;
  Result<lessons::LessonRun> run;  ///< or why it could not be run

  bool passed() const { return run && run->report.all_checks_passed(); }
};

}  // namespace qlab::views
