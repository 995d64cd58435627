#include "app/gui/code_points.hpp"

#include "core/base/utf8.hpp"

namespace qlab::gui {

CodePoints::CodePoints() {
  for (char32_t code = 0x20; code < 0x7F; ++code) set_.set(code);
  for (char32_t code = 0xA0; code < 0x180; ++code) set_.set(code);
  for (char32_t code = 0x391; code < 0x3CA; ++code) set_.set(code != 0x3A2 ? code : 0x3A3);
  add("⁰¹²³⁴⁵⁶⁷⁸⁹⁻₀₁₂₃₄₅₆₇₈₉–—‘’“”•…′″‰←↑→↓↗↺⇒∂∆∏∑−√∞∫≈≠≤≥⌈⌉⌊⌋×·÷±✓✗▸▾");
}

bool CodePoints::add(std::string_view utf8) {
  bool grown = false;
  while (!utf8.empty()) {
    const auto code = take_character(utf8);
    if (!code) {
      utf8.remove_prefix(1);
      continue;
    }
    if (*code < 0x20 || *code >= set_.size() || set_[*code]) continue;
    set_.set(*code);
    grown = true;
  }
  return grown;
}

bool CodePoints::add(const Text& text) {
  const bool grown = add(text.en);
  return add(text.zh) || grown;
}

bool CodePoints::add(const lessons::Lesson& lesson) {
  bool grown = add(lesson.id);
  const auto also = [&](const auto& text) { grown = add(text) || grown; };
  also(lesson.title);
  also(lesson.summary);
  also(lesson.body);
  for (const ParameterSpec& spec : lesson.parameters) {
    also(spec.symbol);
    also(spec.label);
    also(spec.help);
    also(spec.unit);
    for (const Choice& choice : spec.choices) also(choice.label);
    if (const auto* text = std::get_if<std::string>(&spec.fallback)) also(*text);
  }
  for (const lessons::Scenario& scenario : lesson.scenarios) {
    also(scenario.title);
    for (const auto& [name, typed] : scenario.set) also(typed);
  }
  return grown;
}

bool CodePoints::add(const Report& report) {
  bool grown = add(report.device);
  const auto also = [&](const auto& text) { grown = add(text) || grown; };
  for (const Value& value : report.values) {
    also(value.label);
    also(value.unit);
  }
  for (const Table& table : report.tables) {
    also(table.title);
    for (const Column& column : table.columns) {
      also(column.label);
      also(column.unit);
    }
    for (const auto& row : table.rows) {
      for (const Cell& cell : row) {
        if (const auto* text = std::get_if<Text>(&cell)) also(*text);
      }
    }
  }
  // Inside a chart the text is drawn by the chart itself; the window shows its title and what the pointer reads out.
  for (const Chart& chart : report.charts) {
    also(chart.title);
    for (const Axis* axis : {&chart.x, &chart.y, &chart.z}) {
      also(axis->label);
      also(axis->unit);
      for (const Text& category : axis->categories) also(category);
    }
    for (const Series& series : chart.series) {
      also(series.label);
      for (const Text& label : series.point_labels) also(label);
    }
    for (const ReferenceLine& line : chart.lines) also(line.label);
    also(chart.note);
  }
  for (const Check& check : report.checks) {
    also(check.label);
    also(check.source);
  }
  for (const Document& document : report.documents) also(document.text);
  for (const Text& note : report.notes) also(note);
  return grown;
}

std::vector<char32_t> CodePoints::all() const {
  std::vector<char32_t> codes;
  for (char32_t code = 0; code < set_.size(); ++code) {
    if (set_[code]) codes.push_back(code);
  }
  return codes;
}

}  // namespace qlab::gui
