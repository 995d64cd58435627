#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "lessons/engine/lesson_parts.hpp"

namespace qlab::lessons {
namespace {

Expectation read_expectation(TomlFile& file, TomlTable& table) {
  table.allow({"value", "equals", "tolerance", "at_least", "at_most", "source"});
  Expectation expectation;
  expectation.value = table.string("value");
  expectation.where = file.where(table.line_of("value"));
  expectation.equals = table.optional_number("equals");
  expectation.at_least = table.optional_number("at_least");
  expectation.at_most = table.optional_number("at_most");
  const bool bounded = expectation.at_least || expectation.at_most;
  if (expectation.equals.has_value() == bounded) {
    table.refuse("value", bounded ? "both equals and a bound" : "neither equals nor a bound",
                 "expected equals (with tolerance), or at_least, at_most or both");
  }
  if (expectation.at_least && expectation.at_most && *expectation.at_least > *expectation.at_most) {
    table.refuse("at_least", fmt::format("at_least {} above at_most {}", *expectation.at_least, *expectation.at_most),
                 "expected at_least <= at_most");
  }
  if (const auto tolerance = table.optional_number("tolerance")) {
    expectation.tolerance = *tolerance;
    if (!expectation.equals) table.refuse("tolerance", "tolerance without equals", "expected equals beside it");
    if (*tolerance < 0) table.refuse("tolerance", fmt::format("tolerance {}", *tolerance), "expected 0 or more");
  }
  expectation.source = table.text("source");
  return expectation;
}

/// Does TOML's own type of the value suit the parameter? "128" in quotes is no integer.
bool suits(const ParameterSpec& spec, const ParameterValue& value) {
  switch (spec.kind) {
    case ParameterKind::number:
    case ParameterKind::integer: return std::holds_alternative<double>(value);
    case ParameterKind::flag: return std::holds_alternative<bool>(value);
    case ParameterKind::choice:
    case ParameterKind::text:
    case ParameterKind::tensor: break;
  }
  return std::holds_alternative<std::string>(value);
}

void read_overrides(TomlTable& table, const Parameters& parameters, Scenario& scenario) {
  for (const std::string& key : table.keys()) {
    const auto value = table.value(key);
    if (!value) return;
    const ParameterSpec* spec = parameters.find(key);
    const std::string typed = to_string(*value);
    Parameters trial = parameters;
    if (const auto tried = trial.set(key, typed); !tried) {
      table.refuse(key, spec == nullptr ? fmt::format("unknown parameter '{}'", key) : tried.error().what,
                   tried.error().hint);
      return;
    }
    if (!suits(*spec, *value)) {
      table.refuse(key, fmt::format("{} = \"{}\"", key, typed), "expected it without quotes");
      return;
    }
    const auto same = [&](const auto& entry) { return entry.first == spec->name; };
    if (std::any_of(scenario.set.begin(), scenario.set.end(), same)) {
      table.refuse(key, fmt::format("second value '{}'", key), fmt::format("expected one value of {}", spec->name));
    }
    scenario.set.emplace_back(spec->name, typed);
  }
}

}  // namespace

std::vector<Scenario> read_scenarios(TomlFile& file, TomlTable& lesson, const Parameters& parameters) {
  std::vector<Scenario> scenarios;
  for (TomlTable& table : lesson.tables("scenarios", "scenario")) {
    Scenario scenario;
    scenario.name = table.string("name");
    if (!is_snake_case(scenario.name)) {
      table.refuse("name", fmt::format("name '{}'", scenario.name), "expected snake_case: a-z, 0-9 and _");
    }
    if (std::any_of(scenarios.begin(), scenarios.end(), [&](auto& other) { return other.name == scenario.name; })) {
      table.refuse("name", fmt::format("second name '{}'", scenario.name), "expected a different name for each");
    }
    table.rename(fmt::format("scenario '{}'", scenario.name));
    table.allow({"name", "title", "set", "expect"});
    scenario.title = table.text("title");
    if (auto overrides = table.table("set", fmt::format("'set' of {}", table.name()))) {
      read_overrides(*overrides, parameters, scenario);
    }
    if (scenarios.empty() && (scenario.name != "default" || table.has("set"))) {
      file.refuse(fmt::format("the first scenario is '{}'{}", scenario.name, table.has("set") ? " with a 'set'" : ""),
                  table.line_of("name"), R"(expected name = "default", without a 'set')");
    }
    for (TomlTable& expect : table.tables("expect", "expectation")) {
      Expectation expectation = read_expectation(file, expect);
      const auto same = [&](const Expectation& other) { return other.value == expectation.value; };
      if (std::any_of(scenario.expectations.begin(), scenario.expectations.end(), same)) {
        expect.refuse("value", fmt::format("second value '{}'", expectation.value), "expected one entry a value");
      }
      scenario.expectations.push_back(std::move(expectation));
    }
    scenarios.push_back(std::move(scenario));
  }
  if (scenarios.empty()) {
    lesson.refuse("scenarios", "no [[scenarios]]", R"(expected at least one, name = "default")");
  }
  return scenarios;
}

}  // namespace qlab::lessons
