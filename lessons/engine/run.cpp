#include "lessons/engine/run.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "core/base/check.hpp"
#include "lessons/engine/shell.hpp"

namespace qlab::lessons {
namespace {

Result<const Scenario*> find_scenario(const Lesson& lesson, std::string_view name) {
  std::vector<std::string_view> names;
  for (const Scenario& scenario : lesson.scenarios) {
    if (scenario.name == name) return &scenario;
    names.push_back(scenario.name);
  }
  return Error{Errc::not_found, fmt::format("no scenario '{}'", name), lesson.id,
               fmt::format("use one of {}", fmt::join(names, ", "))};
}

Result<Done> judge(const Expectation& expectation, Report& report) {
  const Value* value = report.find_value(expectation.value);
  if (value == nullptr) {
    std::vector<std::string_view> names;
    for (const Value& one : report.values) names.push_back(one.name);
    return Error{Errc::bad_file, fmt::format("expectation of an unknown value '{}'", expectation.value),
                 expectation.where, fmt::format("expected one of {}", fmt::join(names, ", "))};
  }
  const std::string name = "expect_" + value->name;
  if (expectation.equals) {
    report.checks.push_back(
        make_check(name, value->label, value->number, *expectation.equals, expectation.tolerance, expectation.source));
  }
  if (expectation.at_least) {
    report.checks.push_back(make_bound_check(name + "_at_least", value->label, value->number, Relation::at_least,
                                             *expectation.at_least, expectation.source));
  }
  if (expectation.at_most) {
    report.checks.push_back(make_bound_check(name + "_at_most", value->label, value->number, Relation::at_most,
                                             *expectation.at_most, expectation.source));
  }
  return Done{};
}

Parameters prepared_for(const Lesson& lesson, const Scenario& scenario) {
  Parameters parameters(lesson.parameters);
  for (const auto& [name, typed] : scenario.set) {
    const auto done = parameters.set(name, typed);
    QLAB_CHECK(done);  // the loader tried every override
  }
  return parameters;
}

}  // namespace

std::string LessonRun::command_line() const {
  if (!command.empty()) return command;
  std::string named = lesson->built_in ? lesson->id : lesson->folder.string();
  if (named.starts_with('-')) named.insert(0, "./");
  std::string line = "qloralab run " + shell_quoted(named);
  if (scenario != "default") line += " --scenario " + shell_quoted(scenario);
  const auto prepared = parameters_of(*lesson, scenario);
  for (const ParameterSpec& spec : parameters.specs()) {
    const ParameterValue& value = parameters.value(spec.name);
    if (!prepared || prepared->value(spec.name) != value) {
      line += " --set " + shell_quoted(spec.name + "=" + to_string(value));
    }
  }
  return line;
}

Result<Parameters> parameters_of(const Lesson& lesson, std::string_view scenario) {
  const auto found = find_scenario(lesson, scenario);
  if (!found) return found.error();
  return prepared_for(lesson, **found);
}

Result<LessonRun> run(const Lesson& lesson, std::string_view scenario, Parameters parameters, const Context& context) {
  const auto found = find_scenario(lesson, scenario);
  if (!found) return found.error();
  auto report = lesson.compute(parameters, context);
  if (!report) return report.error();
  LessonRun run{&lesson, std::string(scenario), std::move(parameters), *std::move(report)};
  run.report.device = context.backend.name();
  if (run.report.complete && run.parameters == prepared_for(lesson, **found)) {
    for (const Expectation& expectation : (*found)->expectations) {
      if (auto judged = judge(expectation, run.report); !judged) return judged.error();
    }
  }
  return run;
}

}  // namespace qlab::lessons
