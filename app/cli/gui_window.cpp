// `qloralab gui [LESSON]`, and `qloralab` alone: opens the window.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>

#include "app/cli/catalogue.hpp"
#include "app/cli/command.hpp"
#include "app/cli/compute.hpp"
#include "app/gui/window.hpp"

namespace qlab::cli {
namespace {

struct GuiOptions {
  std::string lesson;
  std::vector<std::string> settings;
  std::string scenario = "default";
};

Result<int> open(const GuiOptions& options, const Common& common) {
  const auto catalogue = load_catalogue(common);
  if (!catalogue) return catalogue.error();
  gui::WindowOptions window;
  window.lessons = catalogue->all();
  if (!options.lesson.empty()) {
    auto lesson = find_lesson(*catalogue, options.lesson);
    if (!lesson) return lesson.error();
    const auto same = std::find_if(window.lessons.begin(), window.lessons.end(),
                                   [&](const lessons::Lesson& one) { return one.folder == lesson->folder; });
    window.first = static_cast<std::size_t>(same - window.lessons.begin());
    if (same == window.lessons.end()) window.lessons.push_back(*std::move(lesson));  // a folder of its own
  }
  auto parameters = chosen_parameters(window.lessons[window.first], options.scenario, options.settings, common);
  if (!parameters) return parameters.error();
  window.scenario = options.scenario;
  window.parameters = *std::move(parameters);
  window.assets = catalogue->root / "assets";
  window.backend = make_cpu_backend(common.threads);
  window.language = common.language;
  window.theme = common.theme;
  if (auto done = gui::open_window(std::move(window)); !done) return done.error();
  return 0;
}

}  // namespace

Handler declare_gui(CLI::App& cli) {
  const auto options = std::make_shared<GuiOptions>();
  cli.add_option("LESSON", options->lesson, "id of the lesson to open, or a lesson's folder");
  cli.add_option("--set", options->settings, "a parameter, by its name or symbol; may be repeated")
      ->type_name("NAME=VALUE")
      ->allow_extra_args(false);
  cli.add_option("--scenario", options->scenario, "start from this scenario of the lesson")->type_name("NAME");
  return [options](const Common& common) { return open(*options, common); };
}

}  // namespace qlab::cli
