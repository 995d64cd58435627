#include "app/views/json.hpp"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <vector>

namespace qlab::views {
namespace {

using lessons::Lesson;
using lessons::LessonRun;
using nlohmann::ordered_json;

constexpr int format_version = 1;
constexpr double whole_in_double = 9007199254740992.0;  // 2^53

/// Whole numbers without ".0"; what JSON cannot say becomes null.
ordered_json number(double value) {
  if (!std::isfinite(value)) return nullptr;
  const bool whole = value == std::floor(value) && std::abs(value) <= whole_in_double;
  const bool minus_zero = value == 0 && std::signbit(value);
  return whole && !minus_zero ? ordered_json(static_cast<std::int64_t>(value)) : ordered_json(value);
}

ordered_json numbers(const std::vector<double>& values) {
  ordered_json list = ordered_json::array();
  for (const double value : values) list.push_back(number(value));
  return list;
}

ordered_json texts(const std::vector<Text>& values, Language language) {
  ordered_json list = ordered_json::array();
  for (const Text& value : values) list.push_back(value.in(language));
  return list;
}

ordered_json value_of(const ParameterValue& value) {
  if (const auto* one = std::get_if<double>(&value)) return number(*one);
  if (const auto* flag = std::get_if<bool>(&value)) return *flag;
  return std::get<std::string>(value);
}

ordered_json to_json(const Table& table, Language language) {
  ordered_json columns = ordered_json::array();
  for (const Column& column : table.columns) {
    columns.push_back({{"name", column.name}, {"unit", column.unit}, {"label", column.label.in(language)}});
  }
  ordered_json rows = ordered_json::array();
  for (const auto& cells : table.rows) {
    ordered_json row = ordered_json::array();
    for (const Cell& cell : cells) {
      if (const auto* one = std::get_if<double>(&cell)) {
        row.push_back(number(*one));
      } else if (const auto* text = std::get_if<Text>(&cell)) {
        row.push_back(text->in(language));
      } else {
        row.push_back(nullptr);
      }
    }
    rows.push_back(std::move(row));
  }
  return {{"name", table.name}, {"title", table.title.in(language)}, {"columns", columns}, {"rows", rows}};
}

ordered_json to_json(const Axis& axis, Language language) {
  ordered_json out{{"label", axis.label.in(language)}, {"unit", axis.unit}, {"logarithmic", axis.logarithmic}};
  if (axis.minimum) out["minimum"] = number(*axis.minimum);
  if (axis.maximum) out["maximum"] = number(*axis.maximum);
  if (!axis.categories.empty()) out["categories"] = texts(axis.categories, language);
  return out;
}

ordered_json to_json(const Series& series, Language language) {
  ordered_json out{
      {"name", series.name}, {"label", series.label.in(language)}, {"x", numbers(series.x)}, {"y", numbers(series.y)}};
  if (!series.point_labels.empty()) out["point_labels"] = texts(series.point_labels, language);
  return out;
}

/// z as a list of rows.
ordered_json to_json(const Grid& grid) {
  ordered_json rows = ordered_json::array();
  for (std::size_t first = 0; first + grid.x.size() <= grid.z.size() && !grid.x.empty(); first += grid.x.size()) {
    const auto begin = grid.z.begin() + static_cast<std::ptrdiff_t>(first);
    rows.push_back(numbers({begin, begin + static_cast<std::ptrdiff_t>(grid.x.size())}));
  }
  return {{"x", numbers(grid.x)}, {"y", numbers(grid.y)}, {"z", rows}};
}

ordered_json to_json(const Chart& chart, Language language) {
  ordered_json out{{"name", chart.name},
                   {"kind", name_of(chart.kind)},
                   {"title", chart.title.in(language)},
                   {"x", to_json(chart.x, language)},
                   {"y", to_json(chart.y, language)}};
  if (chart.kind == ChartKind::heat_map) {
    out["z"] = to_json(chart.z, language);
    out["grid"] = to_json(chart.grid);
  } else {
    ordered_json series = ordered_json::array();
    for (const Series& one : chart.series) series.push_back(to_json(one, language));
    out["series"] = std::move(series);
  }
  if (!chart.lines.empty()) {
    ordered_json lines = ordered_json::array();
    for (const ReferenceLine& line : chart.lines) {
      lines.push_back(
          {{"axis", line.vertical ? "x" : "y"}, {"at", number(line.at)}, {"label", line.label.in(language)}});
    }
    out["lines"] = std::move(lines);
  }
  if (!chart.note.empty()) out["note"] = chart.note.in(language);
  return out;
}

const char* relation_name(Relation relation) {
  switch (relation) {
    case Relation::equals: return "equals";
    case Relation::at_least: return "at_least";
    case Relation::at_most: return "at_most";
  }
  return "equals";
}

ordered_json to_json(const Check& check, Language language) {
  ordered_json out{{"name", check.name},
                   {"label", check.label.in(language)},
                   {"value", number(check.value)},
                   {"relation", relation_name(check.relation)},
                   {"expected", number(check.expected)},
                   {"tolerance", number(check.tolerance)},
                   {"passed", check.passed},
                   {"source", check.source.in(language)}};
  if (check.claim) {
    out["claim"] = number(*check.claim);
    out["claim_holds"] = check.claim_holds;
  }
  return out;
}

ordered_json to_json(const LessonRun& run, Language language) {
  const Report& report = run.report;
  ordered_json parameters = ordered_json::object();
  for (const ParameterSpec& spec : run.parameters.specs()) {
    parameters[spec.name] = value_of(run.parameters.value(spec.name));
  }
  ordered_json values = ordered_json::object();
  for (const Value& value : report.values) {
    values[value.name] = {{"value", number(value.number)}, {"unit", value.unit}, {"label", value.label.in(language)}};
  }
  ordered_json tables = ordered_json::array();
  for (const Table& table : report.tables) tables.push_back(to_json(table, language));
  ordered_json charts = ordered_json::array();
  for (const Chart& chart : report.charts) charts.push_back(to_json(chart, language));
  ordered_json checks = ordered_json::array();
  for (const Check& check : report.checks) checks.push_back(to_json(check, language));
  ordered_json documents = ordered_json::array();
  for (const Document& document : report.documents) {
    documents.push_back({{"name", document.name}, {"type", document.type}, {"text", document.text}});
  }
  return {{"format_version", format_version},
          {"lesson", run.lesson->id},
          {"scenario", run.scenario},
          {"device", report.device},
          {"complete", report.complete},
          {"version", QLAB_VERSION},
          {"command_line", run.command_line()},
          {"parameters", parameters},
          {"values", values},
          {"tables", tables},
          {"charts", charts},
          {"checks", checks},
          {"documents", documents},
          {"notes", texts(report.notes, language)}};
}

ordered_json to_json(const ParameterSpec& spec, Language language) {
  ordered_json out{{"name", spec.name},
                   {"symbol", spec.symbol},
                   {"kind", qlab::name_of(spec.kind)},
                   {"label", spec.label.in(language)},
                   {"unit", spec.unit},
                   {"default", value_of(spec.fallback)}};
  if (spec.kind == ParameterKind::number || spec.kind == ParameterKind::integer) {
    out["minimum"] = number(spec.minimum);
    out["maximum"] = number(spec.maximum);
    if (spec.step > 0) out["step"] = number(spec.step);
  }
  if (spec.kind == ParameterKind::choice) {
    ordered_json choices = ordered_json::array();
    for (const Choice& choice : spec.choices) {
      choices.push_back({{"id", choice.id}, {"label", choice.label.in(language)}});
    }
    out["choices"] = std::move(choices);
  }
  return out;
}

ordered_json to_json(const Lesson& lesson, Language language) {
  ordered_json parameters = ordered_json::array();
  for (const ParameterSpec& spec : lesson.parameters) parameters.push_back(to_json(spec, language));
  ordered_json scenarios = ordered_json::array();
  for (const lessons::Scenario& scenario : lesson.scenarios) {
    scenarios.push_back({{"name", scenario.name}, {"title", scenario.title.in(language)}});
  }
  return {{"id", lesson.id},
          {"title", lesson.title.in(language)},
          {"summary", lesson.summary.in(language)},
          {"experiment", lesson.experiment},
          {"parameters", parameters},
          {"scenarios", scenarios}};
}

ordered_json to_json(const JudgedScenario& judged, Language language) {
  ordered_json out = judged.run ? to_json(*judged.run, language)
                                : ordered_json{{"format_version", format_version},
                                               {"lesson", judged.lesson},
                                               {"scenario", judged.scenario},
                                               {"error", judged.run.error().message()}};
  out["passed"] = judged.passed();
  return out;
}

/// File names are bytes: what is not UTF-8 in one becomes U+FFFD.
std::string document(const ordered_json& json) {
  return json.dump(-1, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace

std::string json(const LessonRun& run, Language language) { return document(to_json(run, language)); }

std::string json(std::span<const Lesson> all, Language language) {
  ordered_json list = ordered_json::array();
  for (const Lesson& lesson : all) list.push_back(to_json(lesson, language));
  return document({{"format_version", format_version}, {"lessons", list}});
}

std::string json(std::span<const JudgedScenario> scenarios, Language language) {
  ordered_json items = ordered_json::array();
  for (const JudgedScenario& judged : scenarios) items.push_back(to_json(judged, language));
  const bool passed = std::all_of(scenarios.begin(), scenarios.end(), [](auto& one) { return one.passed(); });
  return document({{"format_version", format_version}, {"passed", passed}, {"items", items}});
}

}  // namespace qlab::views
