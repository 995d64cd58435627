#include "app/cli/catalogue.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <system_error>
#include <utility>

#include "app/data_root.hpp"

namespace qlab::cli {

namespace fs = std::filesystem;
using lessons::Lesson;

std::vector<Lesson> Catalogue::all() const {
  std::vector<Lesson> lessons = built_in;
  lessons.insert(lessons.end(), teachers.begin(), teachers.end());
  return lessons;
}

Result<Catalogue> load_catalogue(const Common& common) {
  auto root = data_root();
  if (!root) return root.error();
  auto built_in = lessons::load_lessons(*root / "lessons");
  if (!built_in) return built_in.error();
  Catalogue catalogue{*root, *std::move(built_in), {}};
  if (!common.lessons.empty()) {
    auto teachers = lessons::load_lessons(common.lessons, catalogue.built_in);
    if (!teachers) return teachers.error();
    catalogue.teachers = *std::move(teachers);
  }
  return catalogue;
}

Result<Lesson> find_lesson(const Catalogue& catalogue, const std::string& named) {
  std::vector<std::string> ids;
  for (const Lesson& lesson : catalogue.all()) {
    if (lesson.id == named) return lesson;
    ids.push_back(lesson.id);
  }
  std::error_code unreadable;  // then it is no folder
  if (named.find('/') != std::string::npos || fs::is_directory(named, unreadable)) {
    return lessons::load_lesson(named, catalogue.built_in);
  }
  return Error{Errc::not_found, fmt::format("no lesson '{}'", named), "",
               fmt::format("use one of {}, or the folder of a lesson", fmt::join(ids, ", "))};
}

}  // namespace qlab::cli
