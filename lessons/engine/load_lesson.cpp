#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <system_error>
#include <utility>

#include "lessons/engine/lesson.hpp"
#include "lessons/engine/lesson_parts.hpp"
#include "lessons/engine/text_file.hpp"
#include "lessons/engine/toml_reader.hpp"

namespace qlab::lessons {
namespace {

namespace fs = std::filesystem;

constexpr int newest_schema = 1;

/// "03-nf4" -> "nf4"; a trailing slash, "." and ".." are understood.
std::string id_of(const fs::path& folder) {
  std::error_code ignored;  // a folder that cannot be resolved fails when its files are read
  fs::path whole = fs::weakly_canonical(folder, ignored);
  if (!whole.has_filename()) whole = whole.parent_path();
  const std::string name = whole.filename().string();
  std::size_t digits = 0;
  while (digits < name.size() && std::isdigit(static_cast<unsigned char>(name[digits])) != 0) ++digits;
  const bool numbered = digits > 0 && digits + 1 < name.size() && name[digits] == '-';
  return numbered ? name.substr(digits + 1) : name;
}

void read_schema(TomlTable& root) {
  const double schema = root.number("schema");
  if (schema > newest_schema) {
    root.refuse("schema", fmt::format("schema {}", schema),
                fmt::format("this program reads schema {}; a newer one is needed", newest_schema));
  } else if (schema != newest_schema) {
    root.refuse("schema", fmt::format("schema {}", schema), fmt::format("expected schema = {}", newest_schema));
  }
}

void read_experiment(TomlTable& root, std::span<const NamedExperiment> known, Lesson& lesson) {
  lesson.experiment = root.string("experiment");
  const auto found = std::find_if(known.begin(), known.end(), [&](auto& row) { return row.name == lesson.experiment; });
  if (found != known.end()) {
    lesson.compute = found->run;
    return;
  }
  std::vector<std::string_view> names;
  for (const NamedExperiment& one : known) names.push_back(one.name);
  root.refuse("experiment", fmt::format("unknown experiment '{}'", lesson.experiment),
              fmt::format("expected one of {}", fmt::join(names, ", ")));
}

std::span<const ParameterSpec> inherited_by(const Lesson& lesson, std::span<const Lesson> built_in) {
  const auto same = [&](const Lesson& other) { return other.experiment == lesson.experiment; };
  const auto found = std::find_if(built_in.begin(), built_in.end(), same);
  return found == built_in.end() ? std::span<const ParameterSpec>() : found->parameters;
}

Result<std::vector<fs::path>> lesson_folders(const fs::path& folder) {
  std::vector<fs::path> folders;
  std::error_code failure;
  for (fs::directory_iterator entry(folder, failure), end; !failure && entry != end; entry.increment(failure)) {
    std::error_code ignored;  // what cannot be looked into is no lesson
    if (fs::exists(entry->path() / "lesson.toml", ignored)) folders.push_back(entry->path());
  }
  if (failure) return Error{Errc::not_found, "cannot read the lessons", folder.string(), failure.message()};
  if (folders.empty()) {
    return Error{Errc::not_found, "no lesson here", folder.string(),
                 "expected folders that hold a lesson.toml (qloralab new-lesson FOLDER starts one)"};
  }
  std::sort(folders.begin(), folders.end());
  return folders;
}

}  // namespace

Result<Lesson> load_lesson(const fs::path& folder, std::span<const Lesson> built_in,
                           std::span<const NamedExperiment> known) {
  auto parsed = TomlFile::parse(folder / "lesson.toml");
  if (!parsed) return parsed.error();
  TomlFile& file = *parsed;
  TomlTable root(file, file.root(), "the lesson");
  Lesson lesson;
  lesson.id = id_of(folder);
  lesson.folder = folder;
  lesson.built_in = built_in.empty();
  read_schema(root);
  root.allow({"schema", "experiment", "title", "summary", "parameters", "scenarios"});
  read_experiment(root, known, lesson);
  lesson.title = root.text("title");
  lesson.summary = root.text("summary");
  lesson.parameters = read_parameters(root, inherited_by(lesson, built_in));
  if (!file.error()) lesson.scenarios = read_scenarios(file, root, Parameters(lesson.parameters));
  if (file.error()) return *file.error();
  for (const auto& [name, text] : {std::pair("en.md", &lesson.body.en), std::pair("zh.md", &lesson.body.zh)}) {
    auto body = read_text_file(folder / name);
    if (!body) return body.error();
    *text = *std::move(body);
  }
  return lesson;
}

Result<std::vector<Lesson>> load_lessons(const fs::path& folder, std::span<const Lesson> built_in,
                                         std::span<const NamedExperiment> known) {
  const auto folders = lesson_folders(folder);
  if (!folders) return folders.error();
  std::vector<Lesson> lessons;
  for (const fs::path& one : *folders) {
    auto lesson = load_lesson(one, built_in, known);
    if (!lesson) return lesson.error();
    const auto same = [&](const Lesson& other) { return other.id == lesson->id; };
    if (std::any_of(built_in.begin(), built_in.end(), same) || std::any_of(lessons.begin(), lessons.end(), same)) {
      return Error{Errc::bad_argument, fmt::format("a second lesson '{}'", lesson->id), one.string(),
                   "rename the folder: its name without the number is the lesson's id"};
    }
    lessons.push_back(*std::move(lesson));
  }
  return lessons;
}

}  // namespace qlab::lessons
