// The first files of a teacher's own lesson: commented, complete, and true as they stand.
// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "lessons/engine/run.hpp"

namespace qlab::lessons {

struct Starter {
  std::string toml;
  std::string en;
  std::string zh;
};

/// A lesson on the experiment of `run.lesson`, which is a built-in one: every parameter as a comment to start from, and
/// an expectation of the first finite value of `run`, made with the lesson's defaults.
Starter start_lesson(const LessonRun& run);

}  // namespace qlab::lessons
