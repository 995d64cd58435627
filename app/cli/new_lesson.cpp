// `qloralab new-lesson FOLDER`: starts a teacher's own lesson, which passes `check` as it is.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <array>
#include <filesystem>
#include <memory>
#include <system_error>
#include <utility>

#include "app/cli/catalogue.hpp"
#include "app/cli/compute.hpp"
#include "app/cli/device.hpp"
#include "app/cli/terminal.hpp"
#include "app/views/columns.hpp"
#include "core/base/atomic_file.hpp"
#include "lessons/engine/shell.hpp"
#include "lessons/engine/starter.hpp"
#include "lessons/engine/text_file.hpp"

namespace qlab::cli {
namespace {

namespace fs = std::filesystem;

struct NewLessonOptions {
  std::string folder;
  std::string from = "nf4";
};

/// A built-in lesson's starter; a teacher's own lesson as it is.
Result<lessons::Starter> starter_of(const lessons::Lesson& from, const Catalogue& catalogue, const Common& common) {
  if (from.built_in) {
    const auto backend = open_backend(common);
    if (!backend) return backend.error();
    auto run = compute(from, "default", Parameters(from.parameters), catalogue.root, **backend);
    if (!run) return run.error();
    return lessons::start_lesson(*run);
  }
  lessons::Starter starter;
  for (const auto& [name, text] :
       {std::pair("lesson.toml", &starter.toml), std::pair("en.md", &starter.en), std::pair("zh.md", &starter.zh)}) {
    auto content = lessons::read_text_file(from.folder / name);
    if (!content) return content.error();
    *text = *std::move(content);
  }
  return starter;
}

Result<Done> refuse_occupied(const fs::path& folder) {
  std::error_code failure;
  if (!fs::exists(folder, failure) || fs::is_empty(folder, failure)) return Done{};
  return Error{Errc::bad_argument, "the folder is not empty", folder.string(), "name a new one"};
}

/// Writes the files beside the folder first, so that it appears complete or not at all.
Result<Done> write_lesson(const fs::path& folder, const lessons::Starter& starter) {
  const fs::path target = fs::absolute(folder / "").parent_path();  // without a slash at its end
  fs::path unfinished = target;
  unfinished += ".unfinished";
  std::error_code failure;
  fs::create_directories(unfinished, failure);
  if (failure) return Error{Errc::io, "cannot make the folder", folder.string(), failure.message()};
  Result<Done> done = Done{};
  for (const auto& [name, text] :
       {std::pair("lesson.toml", &starter.toml), std::pair("en.md", &starter.en), std::pair("zh.md", &starter.zh)}) {
    if (done) done = write_file(unfinished / name, *text);
  }
  if (done) {
    fs::rename(unfinished, target, failure);
    if (failure) done = Error{Errc::io, "cannot make the folder", folder.string(), failure.message()};
  }
  if (!done) {
    std::error_code ignored;  // the first failure is the one to tell
    fs::remove_all(unfinished, ignored);
  }
  return done;
}

Result<int> start_lesson(const NewLessonOptions& options, const Common& common) {
  if (common.format != Format::text) return no_such_format(common.format, "new-lesson", "text");
  if (auto free = refuse_occupied(options.folder); !free) return free.error();
  const auto catalogue = load_catalogue(common);
  if (!catalogue) return catalogue.error();
  const auto from = find_lesson(*catalogue, options.from);
  if (!from) return from.error();
  const auto starter = starter_of(*from, *catalogue, common);
  if (!starter) return starter.error();
  if (auto done = write_lesson(options.folder, *starter); !done) return done.error();
  const auto printed =
      print(fmt::format("{}: lesson.toml, en.md and zh.md are there to be changed; qloralab check {}\n",
                        views::visible(options.folder), lessons::shell_quoted(options.folder)));
  if (!printed) return printed.error();
  return 0;
}

}  // namespace

Handler declare_new_lesson(CLI::App& cli) {
  const auto options = std::make_shared<NewLessonOptions>();
  cli.add_option("FOLDER", options->folder, "a new folder; its name becomes the lesson's id")->required();
  cli.add_option("--from", options->from, "the lesson to start from")->type_name("LESSON");
  return [options](const Common& common) { return start_lesson(*options, common); };
}

}  // namespace qlab::cli
