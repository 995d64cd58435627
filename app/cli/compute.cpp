#include "app/cli/compute.hpp"

#include <fmt/format.h>

#include <utility>

#include "app/cli/interrupt.hpp"
#include "app/cli/terminal.hpp"

namespace qlab::cli {

Result<Parameters> chosen_parameters(const lessons::Lesson& lesson, const std::string& scenario,
                                     const std::vector<std::string>& settings, const Common& common) {
  auto parameters = lessons::parameters_of(lesson, scenario);
  if (!parameters) return parameters.error();
  const auto set = [&](const std::string& name, const std::string& value) -> Result<Done> {
    auto done = parameters->set(name, value);
    if (done) return done;
    Error error = done.error();
    error.where = lesson.id;
    return error;
  };
  if (!common.seed.empty() && parameters->find("seed") != nullptr) {
    if (auto done = set("seed", common.seed); !done) return done.error();
  }
  for (const std::string& setting : settings) {
    const std::size_t equals = setting.find('=');
    if (equals == std::string::npos) {
      return Error{Errc::bad_argument, fmt::format("--set {}", setting), lesson.id, "use --set NAME=VALUE"};
    }
    if (auto done = set(setting.substr(0, equals), setting.substr(equals + 1)); !done) return done.error();
  }
  return parameters;
}

Result<lessons::LessonRun> compute(const lessons::Lesson& lesson, const std::string& scenario, Parameters parameters,
                                   const std::filesystem::path& data_root, Backend& backend) {
  InterruptWatch interrupt;
  ProgressBar progress;
  const Context context{backend, data_root / "assets", interrupt.token(), progress.sink(), {}};
  auto run = lessons::run(lesson, scenario, std::move(parameters), context);
  if (context.stop.stop_requested()) return Error{Errc::cancelled, "stopped", lesson.id, "nothing was written"};
  return run;
}

}  // namespace qlab::cli
