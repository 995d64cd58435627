// `qloralab gui [LESSON]`, and `qloralab` alone.
#include "app/cli/gui.hpp"

#include <CLI/CLI.hpp>
#include <memory>

namespace qlab::cli {

Handler declare_gui(CLI::App& cli) {
  const auto options = std::make_shared<GuiOptions>();
  cli.add_option("LESSON", options->lesson, "id of the lesson to open, or a lesson's folder");
  cli.add_option("--set", options->settings, "a parameter, by its name or symbol; may be repeated")
      ->type_name("NAME=VALUE")
      ->allow_extra_args(false);
  cli.add_option("--scenario", options->scenario, "start from this scenario of the lesson")->type_name("NAME");
  return [options](const Common& common) { return open_window(*options, common); };
}

}  // namespace qlab::cli
