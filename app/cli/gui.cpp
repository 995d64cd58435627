// `qloralab gui`, and `qloralab` alone, of a build without the window.
#include <CLI/CLI.hpp>

#include "app/cli/command.hpp"

namespace qlab::cli {

Handler declare_gui(CLI::App&) {
  return [](const Common&) -> Result<int> {
    return Error{Errc::unsupported, "this build has no window", "qloralab gui",
                 "use qloralab lessons, run, check or --help"};
  };
}

}  // namespace qlab::cli
