// Runs a built-in lesson the way the program does: its folder through the loader, its Report through the engine.
// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/experiment/backend.hpp"
#include "core/experiment/context.hpp"
#include "lessons/engine/lesson.hpp"
#include "lessons/engine/run.hpp"
#include "tests/support/catch.hpp"

namespace qlab::tests {

/// A lesson of the source tree. Kept by the caller while its runs are in use.
inline lessons::Lesson built_in_lesson(const std::string& folder) {
  auto lesson = lessons::load_lesson(std::filesystem::path(QLAB_SOURCE_ROOT) / "lessons" / folder, {});
  if (!lesson) FAIL(lesson.error().message());
  return *std::move(lesson);
}

/// All of them, in their order.
inline std::vector<lessons::Lesson> built_in_lessons() {
  auto loaded = lessons::load_lessons(std::filesystem::path(QLAB_SOURCE_ROOT) / "lessons");
  if (!loaded) FAIL(loaded.error().message());
  return *std::move(loaded);
}

using Overrides = std::vector<std::pair<std::string, std::string>>;

inline Result<lessons::LessonRun> try_run(const lessons::Lesson& lesson, const std::string& scenario = "default",
                                          const Overrides& set = {},
                                          const std::filesystem::path& root = QLAB_SOURCE_ROOT) {
  auto parameters = lessons::parameters_of(lesson, scenario);
  if (!parameters) return parameters.error();
  for (const auto& [name, typed] : set) {
    if (auto done = parameters->set(name, typed); !done) return done.error();
  }
  const auto backend = make_cpu_backend(1);
  const Context context{*backend, root / "assets", {}, {}, {}};
  return lessons::run(lesson, scenario, *std::move(parameters), context);
}

inline Report run_lesson(const lessons::Lesson& lesson, const std::string& scenario = "default",
                         const Overrides& set = {}) {
  auto run = try_run(lesson, scenario, set);
  if (!run) FAIL(run.error().message());
  return std::move(run->report);
}

inline double number(const Report& report, std::string_view value) {
  const Value* found = report.find_value(value);
  REQUIRE(found != nullptr);
  return found->number;
}

}  // namespace qlab::tests
