// Lessons and runs as JSON, format_version 1: the contract that courses and scripts read. Names are stable English in
// every language; infinite and undefined numbers are null. Each function returns one document and a line feed.
// SPDX-License-Identifier: MIT
#pragma once

#include <span>
#include <string>

#include "app/views/judged.hpp"
#include "lessons/engine/run.hpp"

namespace qlab::views {

std::string json(const lessons::LessonRun& run, Language language);
std::string json(std::span<const lessons::Lesson> lessons, Language language);
std::string json(std::span<const JudgedScenario> scenarios, Language language);

}  // namespace qlab::views
