#include "app/views/junit.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "app/views/columns.hpp"
#include "core/base/xml.hpp"

namespace qlab::views {
namespace {

/// Text for an attribute or an element; control characters, which XML 1.0 cannot hold, as \xNN.
std::string escaped(const std::string& text) { return xml_escaped(visible(text)); }

struct Totals {
  std::size_t tests = 0;
  std::size_t failures = 0;
  std::size_t errors = 0;
  double seconds = 0;

  std::string attributes() const {
    return fmt::format("tests=\"{}\" failures=\"{}\" errors=\"{}\" time=\"{:.3f}\"", tests, failures, errors, seconds);
  }
};

Totals totals_of(std::span<const JudgedScenario> scenarios) {
  Totals totals;
  for (const JudgedScenario& judged : scenarios) {
    totals.tests += 1;
    totals.seconds += judged.seconds;
    if (!judged.run) {
      totals.errors += 1;
      continue;
    }
    const auto& checks = judged.run->report.checks;
    totals.tests += checks.size();
    totals.failures +=
        static_cast<std::size_t>(std::count_if(checks.begin(), checks.end(), [](auto& c) { return !c.passed; }));
  }
  return totals;
}

std::string expectation_of(const Check& check) {
  switch (check.relation) {
    case Relation::at_least: return fmt::format("at least {}", check.expected);
    case Relation::at_most: return fmt::format("at most {}", check.expected);
    case Relation::equals: break;
  }
  return fmt::format("{} within {}", check.expected, check.tolerance);
}

std::string testcase(const JudgedScenario& judged, const std::string& name, double seconds, const std::string& inside) {
  const std::string head = fmt::format("    <testcase classname=\"qloralab.{}\" name=\"{}: {}\" time=\"{:.3f}\"",
                                       escaped(judged.lesson), escaped(judged.scenario), escaped(name), seconds);
  return inside.empty() ? head + "/>\n" : head + ">\n" + inside + "    </testcase>\n";
}

std::string failure_of(const Check& check, const lessons::LessonRun& run) {
  if (check.passed) return "";
  const std::string said = fmt::format("{} is {}, expected {}", check.name, check.value, expectation_of(check));
  return fmt::format("      <failure message=\"{}\" type=\"check\">{}\nsource: {}\nagain: {}</failure>\n",
                     escaped(said), escaped(said), escaped(check.source.en), escaped(run.command_line()));
}

std::string testcases(const JudgedScenario& judged) {
  if (!judged.run) {
    const std::string said = escaped(judged.run.error().message());
    return testcase(judged, "runs", judged.seconds,
                    fmt::format("      <error message=\"{}\" type=\"error\">{}</error>\n", said, said));
  }
  std::string out = testcase(judged, "runs", judged.seconds, "");
  for (const Check& check : judged.run->report.checks) {
    out += testcase(judged, check.name, 0, failure_of(check, *judged.run));
  }
  return out;
}

}  // namespace

std::string junit(std::span<const JudgedScenario> scenarios) {
  std::string out = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
  out += fmt::format("<testsuites name=\"qloralab check\" {}>\n", totals_of(scenarios).attributes());
  while (!scenarios.empty()) {
    const auto of_other = [&](const JudgedScenario& one) { return one.lesson != scenarios.front().lesson; };
    const auto count = std::find_if(scenarios.begin(), scenarios.end(), of_other) - scenarios.begin();
    const auto suite = scenarios.first(static_cast<std::size_t>(count));
    out += fmt::format("  <testsuite name=\"{}\" {}>\n", escaped(suite.front().lesson), totals_of(suite).attributes());
    for (const JudgedScenario& judged : suite) out += testcases(judged);
    out += "  </testsuite>\n";
    scenarios = scenarios.subspan(suite.size());
  }
  return out + "</testsuites>\n";
}

}  // namespace qlab::views
