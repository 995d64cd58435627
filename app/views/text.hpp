// A Report for a terminal: aligned columns, units, checks with their verdicts, and the command line that makes it
// again. SPDX-License-Identifier: MIT
#pragma once

#include <span>
#include <string>

#include "app/views/judged.hpp"
#include "lessons/engine/run.hpp"

namespace qlab::views {

struct TextStyle {
  Language language = Language::en;
  int width = 100;     ///< cells of the terminal
  bool color = false;  ///< ANSI colours
};

std::string text(const lessons::LessonRun& run, const TextStyle& style);
std::string text(std::span<const lessons::Lesson> lessons, const TextStyle& style);

/// One line of `check`, with the failed checks under it.
std::string text(const JudgedScenario& judged, const TextStyle& style);
/// The last line of `check`: how many passed.
std::string summary(std::span<const JudgedScenario> scenarios, const TextStyle& style);

/// The Report's documents of type "log", one after the other; empty if it has none.
std::string log_lines(const Report& report);

}  // namespace qlab::views
