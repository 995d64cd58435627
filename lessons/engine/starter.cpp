#include "lessons/engine/starter.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace qlab::lessons {
namespace {

/// A TOML basic string.
std::string in_quotes(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + "\"";
}

std::string toml_value(const ParameterValue& value) {
  return std::holds_alternative<std::string>(value) ? in_quotes(std::get<std::string>(value)) : to_string(value);
}

std::string range_of(const ParameterSpec& spec) {
  switch (spec.kind) {
    case ParameterKind::number:
    case ParameterKind::integer:
      return fmt::format("{} to {}{}", spec.minimum, spec.maximum, spec.unit.empty() ? "" : " " + spec.unit);
    case ParameterKind::choice: {
      std::string list;
      for (const Choice& choice : spec.choices) list += (list.empty() ? "" : ", ") + choice.id;
      return list;
    }
    case ParameterKind::flag: return "true or false";
    case ParameterKind::text: return "any text";
    case ParameterKind::tensor: break;
  }
  return "normal, laplace, student_t, uniform, outliers; numbers; or FILE#TENSOR";
}

std::string parameter_comment(const ParameterSpec& spec) {
  return fmt::format("# [[parameters]]\n# name = \"{}\"  # {}: {}\n# default = {}\n\n", spec.name, spec.label.en,
                     range_of(spec), toml_value(spec.fallback));
}

std::string expectation_of(const Report& report) {
  const auto finite = [](const Value& value) { return std::isfinite(value.number); };
  const auto value = std::find_if(report.values.begin(), report.values.end(), finite);
  if (value == report.values.end()) return "";
  const double tolerance = std::abs(value->number) / 1000;
  return fmt::format(
      R"(# What the scenario promises: `equals` with a `tolerance`, or `at_least`, `at_most`. Name where the figure is from.
[[scenarios.expect]]
value = "{}"
equals = {}
tolerance = {:.3g}
source = {{ en = "computed when this lesson was started", zh = "创建本课程时算得" }}
)",
      value->name, value->number, tolerance);
}

}  // namespace

Starter start_lesson(const LessonRun& run) {
  const Lesson& from = *run.lesson;
  Starter starter;
  starter.toml = fmt::format(
      R"(# A lesson of your own. It computes what the lesson `{0}` computes, with your defaults, scenarios and texts.
#   qloralab check FOLDER    does every scenario keep its promises?
#   qloralab run FOLDER      the report; --set NAME=VALUE changes a parameter
schema = 1
experiment = "{1}"
title = {{ en = {2}, zh = {3} }}
summary = {{ en = {4}, zh = {5} }}

# The parameters are inherited. An entry changes the keys it gives: another default, a narrower range, another label.

)",
      from.id, from.experiment, in_quotes("My lesson: " + from.title.en), in_quotes("我的课程：" + from.title.zh),
      in_quotes(from.summary.en), in_quotes(from.summary.zh));
  for (const ParameterSpec& spec : from.parameters) starter.toml += parameter_comment(spec);
  starter.toml += R"(# The first scenario is "default" and changes nothing. Others do: set = { NAME = VALUE }
[[scenarios]]
name = "default"
title = { en = "Defaults", zh = "默认" }
)" + expectation_of(run.report);
  std::string live_en;
  std::string live_zh;
  if (!run.report.values.empty()) {
    const Value& value = run.report.values.front();
    live_en = fmt::format("\nA live value: {} is {{{{values.{}}}}}.\n", value.label.en, value.name);
    live_zh = fmt::format("\n实时数值：{}为 {{{{values.{}}}}}。\n", value.label.zh, value.name);
  }
  starter.en = fmt::format("# {}\n\nWhat the class should see. Compare with [{}](lesson:{}).\n{}", from.title.en,
                           from.title.en, from.id, live_en);
  starter.zh = fmt::format("# {}\n\n写下学生应当看到的内容。可与[{}](lesson:{})对照。\n{}", from.title.zh,
                           from.title.zh, from.id, live_zh);
  return starter;
}

}  // namespace qlab::lessons
