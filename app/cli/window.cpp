// Opens the window with the lessons there are, at the one that was asked for.
#include "app/gui/window.hpp"

#include <algorithm>
#include <utility>

#include "app/cli/catalogue.hpp"
#include "app/cli/compute.hpp"
#include "app/cli/device.hpp"
#include "app/cli/gui.hpp"

namespace qlab::cli {

Result<int> open_window(const GuiOptions& options, const Common& common) {
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
  auto backend = open_backend(common);
  if (!backend) return backend.error();
  window.backend = *std::move(backend);
  window.language = common.language;
  window.theme = common.theme;
  if (auto done = gui::open_window(std::move(window)); !done) return done.error();
  return 0;
}

}  // namespace qlab::cli
