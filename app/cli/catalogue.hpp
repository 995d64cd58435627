// The lessons a command can choose from: ours, and a teacher's from --lessons or from a folder named outright.
// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "app/cli/command.hpp"
#include "lessons/engine/lesson.hpp"

namespace qlab::cli {

struct Catalogue {
  std::filesystem::path root;  ///< holds lessons/ and assets/
  std::vector<lessons::Lesson> built_in;
  std::vector<lessons::Lesson> teachers;  ///< of --lessons

  std::vector<lessons::Lesson> all() const;
};

/// Errors: as data_root() and lessons::load_lessons().
Result<Catalogue> load_catalogue(const Common& common);

/// The lesson called `named`: an id, or the folder of a lesson (with a slash in it, or where no lesson has that id).
/// Error: not_found that lists the ids.
Result<lessons::Lesson> find_lesson(const Catalogue& catalogue, const std::string& named);

}  // namespace qlab::cli
