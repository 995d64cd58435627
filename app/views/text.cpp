#include "app/views/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "app/views/columns.hpp"
#include "app/views/number.hpp"
#include "app/views/table_column.hpp"

namespace qlab::views {
namespace {

using lessons::Lesson;
using lessons::LessonRun;

constexpr std::size_t longest_table = 40;  // rows; more is for --format csv

/// Builds the text line by line, in the style's language and colours.
class Writer {
 public:
  explicit Writer(const TextStyle& style) : style_(style) {}

  std::string in(const Text& text) const { return visible(text.in(style_.language)); }
  std::string painted(const char* code, const std::string& text) const {
    return style_.color && !text.empty() ? fmt::format("\x1b[{}m{}\x1b[0m", code, text) : text;
  }
  std::string bold(const std::string& text) const { return painted("1", text); }
  std::string dim(const std::string& text) const { return painted("2", text); }
  std::string green(const std::string& text) const { return painted("32", text); }
  std::string red(const std::string& text) const { return painted("1;31", text); }
  std::string yellow(const std::string& text) const { return painted("33", text); }

  void line(const std::string& text = "") { out_ += text + "\n"; }
  void heading(const Text& text) {
    line();
    line(bold(in(text)));
  }
  void paragraph(const std::string& text, int indent, const char* bullet = "") {
    const std::string margin(static_cast<std::size_t>(indent), ' ');
    std::string start = margin + bullet;
    for (const std::string& one : wrapped(text, style_.width - display_width(start))) {
      line(start + one);
      start = margin + std::string(static_cast<std::size_t>(display_width(bullet)), ' ');
    }
  }
  void rows(const Columns& columns) {
    for (const std::string& one : aligned(columns, style_.width - 2)) line("  " + one);
  }
  int width() const { return style_.width; }
  Language language() const { return style_.language; }
  std::string take() { return std::move(out_); }

 private:
  TextStyle style_;
  std::string out_;
};

std::string with_unit(const std::string& value, const std::string& unit) {
  return unit.empty() ? value : value + " " + visible(unit);
}

void write_parameters(Writer& out, const Parameters& parameters) {
  if (parameters.specs().empty()) return;
  out.heading({"Parameters", "参数"});
  Columns columns;
  for (const ParameterSpec& spec : parameters.specs()) {
    const std::string value = visible(to_string(parameters.value(spec.name)));
    columns.rows.push_back({spec.name, with_unit(value, spec.unit), out.in(spec.label)});
  }
  out.rows(columns);
}

void write_values(Writer& out, const Report& report) {
  if (report.values.empty()) return;
  out.heading({"Values", "数值"});
  Columns columns{{}, {false, true, false, false}};
  for (const Value& value : report.values) {
    columns.rows.push_back({value.name, show_number(value.number), visible(value.unit), out.in(value.label)});
  }
  out.rows(columns);
}

/// Header (labels, then units if there are any) and rows as cells; a column of numbers is flush right.
Columns cells_of(const Writer& out, const Table& table) {
  Columns cells;
  auto& [rows, right] = cells;
  rows.emplace_back();
  bool units = false;
  for (const Column& column : table.columns) {
    rows.back().push_back(column.label.empty() ? column.name : out.in(column.label));
    right.push_back(true);
    units = units || !column.unit.empty();
  }
  if (units) {
    rows.emplace_back();
    for (const Column& column : table.columns) rows.back().push_back(visible(column.unit));
  }
  const std::size_t first = rows.size();
  rows.resize(first + std::min(table.rows.size(), longest_table));
  for (std::size_t column = 0; column < table.columns.size(); ++column) {
    const ShownColumn shown = shown_column(table, column, out.language(), longest_table);
    right[column] = shown.right;
    for (std::size_t i = 0; i < shown.cells.size(); ++i) rows[first + i].push_back(visible(shown.cells[i]));
  }
  return cells;
}

Columns picked(const Columns& cells, const std::vector<std::size_t>& which) {
  Columns out;
  for (const std::size_t column : which) out.right.push_back(cells.right[column]);
  for (const auto& row : cells.rows) {
    out.rows.emplace_back();
    for (const std::size_t column : which) out.rows.back().push_back(column < row.size() ? row[column] : "");
  }
  return out;
}

int width_of(const Columns& cells, std::size_t column) {
  int width = 0;
  for (const auto& row : cells.rows) width = std::max(width, column < row.size() ? display_width(row[column]) : 0);
  return width;
}

/// Columns that do not fit beside the first one go below, beside the first one once more.
void write_cells(Writer& out, const Columns& cells) {
  if (cells.right.empty()) return;
  const int first_width = 2 + width_of(cells, 0);
  std::vector<std::size_t> part{0};
  int width = first_width;
  for (std::size_t column = 1; column < cells.right.size(); ++column) {
    const int more = 2 + width_of(cells, column);
    if (part.size() > 1 && width + more > out.width()) {
      out.rows(picked(cells, part));
      out.line();
      part = {0};
      width = first_width;
    }
    part.push_back(column);
    width += more;
  }
  out.rows(picked(cells, part));
}

void write_tables(Writer& out, const Report& report) {
  for (const Table& table : report.tables) {
    out.line();
    out.line(out.bold(out.in(table.title)) + out.dim("  " + table.name));
    write_cells(out, cells_of(out, table));
    if (table.rows.size() > longest_table) {
      const std::size_t left = table.rows.size() - longest_table;
      out.line("  " + out.in({fmt::format("... {} more rows: --format csv", left),
                              fmt::format("…… 其余 {} 行：--format csv", left)}));
    }
  }
}

void write_charts(Writer& out, const Report& report) {
  if (report.charts.empty()) return;
  out.heading({"Charts (--out DIR --export png,svg,pdf draws them)", "图表（用 --out DIR --export png,svg,pdf 导出）"});
  Columns columns;
  for (const Chart& chart : report.charts)
    columns.rows.push_back({chart.name, name_of(chart.kind), out.in(chart.title)});
  out.rows(columns);
}

constexpr int check_digits = 6;  // enough to see why a check failed

std::string expected(const Check& check) {
  const std::string figure = show_number(check.expected, check_digits);
  switch (check.relation) {
    case Relation::at_least: return "≥ " + figure;
    case Relation::at_most: return "≤ " + figure;
    case Relation::equals: break;
  }
  return check.tolerance > 0 ? figure + " ± " + show_number(check.tolerance) : figure;
}

/// "  ok      LABEL: 0.0084521, expected 0.008452 ± 0.0001", then claim and source.
void write_check(Writer& out, const Check& check) {
  constexpr int indent = 10;
  const std::string label = check.label.empty() ? check.name : out.in(check.label);
  const std::string said =
      out.in({fmt::format("{}: {}, expected {}", label, show_number(check.value, check_digits), expected(check)),
              fmt::format("{}：{}，应为 {}", label, show_number(check.value, check_digits), expected(check))});
  const std::vector<std::string> lines = wrapped(said, out.width() - indent);
  out.line((check.passed ? out.green("  ok      ") : out.red("  FAILED  ")) + lines.front());
  for (std::size_t i = 1; i < lines.size(); ++i) out.line(std::string(indent, ' ') + lines[i]);
  if (check.claim) {
    const std::string claim = show_number(*check.claim, check_digits);
    const Text verdict = check.claim_holds
                             ? Text{"printed " + claim + ": holds", "印刷值 " + claim + "：成立"}
                             : Text{"printed " + claim + ": does not hold", "印刷值 " + claim + "：不成立"};
    out.line(std::string(indent, ' ') + (check.claim_holds ? out.green(out.in(verdict)) : out.yellow(out.in(verdict))));
  }
  if (!check.source.empty()) {
    for (const std::string& one : wrapped(out.in(check.source), out.width() - indent)) {
      out.line(std::string(indent, ' ') + out.dim(one));
    }
  }
}

void write_checks(Writer& out, const Report& report) {
  if (report.checks.empty()) return;
  const auto failed = std::count_if(report.checks.begin(), report.checks.end(), [](auto& c) { return !c.passed; });
  const auto passed = static_cast<std::ptrdiff_t>(report.checks.size()) - failed;
  out.heading({fmt::format("Checks: {} ok, {} failed", passed, failed),
               fmt::format("检验：{} 项通过，{} 项失败", passed, failed)});
  for (const Check& check : report.checks) write_check(out, check);
}

void write_notes(Writer& out, const Report& report) {
  if (report.notes.empty()) return;
  out.heading({"Notes", "说明"});
  for (const Text& note : report.notes) out.paragraph(out.in(note), 2, "- ");
}

std::string range_of(const ParameterSpec& spec) {
  switch (spec.kind) {
    case ParameterKind::number:
    case ParameterKind::integer: return fmt::format("{} .. {}", spec.minimum, spec.maximum);
    case ParameterKind::flag: return "true | false";
    case ParameterKind::choice: {
      std::vector<std::string> ids;
      for (const Choice& choice : spec.choices) ids.push_back(visible(choice.id));
      return fmt::format("{}", fmt::join(ids, " | "));
    }
    case ParameterKind::text: return "text";
    case ParameterKind::tensor: break;
  }
  return "tensor";
}

}  // namespace

std::string text(const LessonRun& run, const TextStyle& style) {
  Writer out(style);
  const Lesson& lesson = *run.lesson;
  out.line(out.bold(out.in(lesson.title)) +
           out.dim(fmt::format("  {} · {} · {}", visible(lesson.id), run.scenario, visible(run.report.device))));
  out.paragraph(out.in(lesson.summary), 0);
  if (!run.report.complete)
    out.line(out.yellow(out.in({"Incomplete: the run was stopped.", "未完成：运行已被中止。"})));
  write_parameters(out, run.parameters);
  write_values(out, run.report);
  write_tables(out, run.report);
  write_charts(out, run.report);
  write_checks(out, run.report);
  write_notes(out, run.report);
  out.line();
  out.line(out.dim("$ " + run.command_line()));
  return out.take();
}

std::string text(std::span<const Lesson> all, const TextStyle& style) {
  Writer out(style);
  for (const Lesson& lesson : all) {
    if (&lesson != all.data()) out.line();
    out.line(out.bold(visible(lesson.id)) + "  " + out.in(lesson.title));
    out.paragraph(out.in(lesson.summary), 2);
    Columns columns;
    for (const ParameterSpec& spec : lesson.parameters) {
      const std::string name = spec.symbol.empty() ? spec.name : spec.name + ", " + spec.symbol;
      const std::string start = "= " + visible(to_string(spec.fallback));
      columns.rows.push_back({"  " + name, with_unit(start, spec.unit), out.in(spec.label), range_of(spec)});
    }
    out.rows(columns);
  }
  return out.take();
}

std::string text(const JudgedScenario& judged, const TextStyle& style) {
  Writer out(style);
  const std::string name = visible(judged.lesson) + " / " + visible(judged.scenario);
  if (!judged.run) {
    out.line(out.red("ERROR   ") + name + "  " + judged.run.error().message());
    return out.take();
  }
  const auto& checks = judged.run->report.checks;
  const std::string count = out.in({fmt::format("{} checks", checks.size()), fmt::format("{} 项检验", checks.size())});
  out.line((judged.passed() ? out.green("ok      ") : out.red("FAILED  ")) + name +
           out.dim(fmt::format("  {}, {:.2f} s", count, judged.seconds)));
  for (const Check& check : checks) {
    if (!check.passed) write_check(out, check);
  }
  return out.take();
}

std::string summary(std::span<const JudgedScenario> scenarios, const TextStyle& style) {
  Writer out(style);
  const auto passed = std::count_if(scenarios.begin(), scenarios.end(), [](auto& one) { return one.passed(); });
  const auto all = static_cast<std::ptrdiff_t>(scenarios.size());
  const std::string said = out.in(
      {fmt::format("{} of {} scenarios passed", passed, all), fmt::format("{} 个场景中 {} 个通过", all, passed)});
  out.line(passed == all ? out.green(said) : out.red(said));
  return out.take();
}

std::string log_lines(const Report& report) {
  std::string out;
  for (const Document& document : report.documents) {
    if (document.type == "log") out += document.text;
  }
  if (!out.empty() && !out.ends_with('\n')) out += '\n';
  return out;
}

}  // namespace qlab::views
