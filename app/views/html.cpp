#include "app/views/html.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "app/chart/draw.hpp"
#include "app/chart/layout.hpp"
#include "app/views/html_style.hpp"
#include "app/views/html_text.hpp"
#include "app/views/live_value.hpp"
#include "app/views/markdown.hpp"
#include "app/views/number.hpp"
#include "app/views/table_column.hpp"

namespace qlab::views {
namespace {

using lessons::Lesson;
using lessons::LessonRun;

constexpr std::size_t longest_table = 200;  // rows; the CSV has them all
constexpr int check_digits = 6;             // enough to see why a check failed

class Page {
 public:
  Page(const LessonRun& run, Language language) : run_(run), report_(run.report), language_(language) {}

  std::string write() {
    const Lesson& lesson = *run_.lesson;
    out_ = fmt::format(
        "<!DOCTYPE html>\n<html lang=\"{0}\">\n<head>\n<meta charset=\"utf-8\"/>\n"
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n"
        "<meta name=\"generator\" content=\"QLoRA Lab {1}\"/>\n"
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; "
        "img-src data:\"/>\n<title>{2}</title>\n<style>{3}</style>\n</head>\n<body>\n<main>\n",
        language_ == Language::zh ? "zh-Hans" : "en", QLAB_VERSION, in(lesson.title), html_style);
    put("<h1>{}</h1>\n<p class=\"lead\">{}</p>\n", in(lesson.title), in(lesson.summary));
    write_facts();
    write_text();
    write_charts();
    write_values();
    write_parameters();
    write_tables();
    write_checks();
    write_notes();
    write_documents();
    put("{}<pre><code>{}</code></pre>\n", heading({"Make this page again", "重新生成本页"}),
        html_escaped(run_.command_line() + (language_ == Language::zh ? " --lang zh" : "") + " --out . --export html"));
    put("<footer>QLoRA Lab {}</footer>\n</main>\n</body>\n</html>\n", QLAB_VERSION);
    return std::move(out_);
  }

 private:
  template <class... Arguments>
  void put(fmt::format_string<Arguments...> format, Arguments&&... arguments) {
    fmt::format_to(std::back_inserter(out_), format, std::forward<Arguments>(arguments)...);
  }
  std::string in(const Text& text) const { return html_escaped(text.in(language_)); }
  std::string heading(const Text& text) const { return "<h2>" + in(text) + "</h2>\n"; }
  /// The label, or the name where there is none.
  std::string called(const Text& label, const std::string& name) const {
    return label.empty() ? html_escaped(name) : in(label);
  }

  void write_facts() {
    const auto scenario = std::find_if(run_.lesson->scenarios.begin(), run_.lesson->scenarios.end(),
                                       [&](const auto& one) { return one.name == run_.scenario; });
    std::string facts;
    if (scenario != run_.lesson->scenarios.end() && scenario != run_.lesson->scenarios.begin()) {
      facts = in({"Scenario: ", "场景："}) + called(scenario->title, scenario->name) + " · ";
    }
    facts += in({"Computed on: ", "计算设备："}) + html_escaped(report_.device);
    put("<p class=\"facts\">{}</p>\n", facts);
    if (!report_.complete) {
      put("<p class=\"warning\">{}</p>\n", in({"Incomplete: the run was stopped.", "未完成：运行已被中止。"}));
    }
  }

  void write_text() {
    markdown::Document document =
        markdown::fill_in(markdown::parse(run_.lesson->body.in(language_)), [&](std::string_view name) {
          return live_value(report_, run_.parameters, name, language_).value_or(fmt::format("{{{{{}}}}}", name));
        });
    // The page's title says what the text's own first heading says.
    if (!document.blocks.empty() && document.blocks[0].kind == markdown::BlockKind::heading &&
        document.blocks[0].level == 1) {
      document.blocks.erase(document.blocks.begin());
    }
    out_ += html_of(document);
  }

  void write_charts() {
    if (report_.charts.empty()) return;
    out_ += heading({"Charts", "图表"});
    for (const Chart& one : report_.charts) {
      put("<figure id=\"chart-{}\">\n", html_escaped(one.name));
      for (const auto& [shade, theme] : {std::pair{"light", chart::Theme::light}, {"dark", chart::Theme::dark}}) {
        const chart::Style style{theme, language_, 800, 500, 15, true};
        std::string svg = chart::encode_svg(chart::layout(one, style), {});
        svg.erase(0, svg.find("<svg"));  // no XML declaration inside a page
        put("<div class=\"{}\">\n{}</div>\n", shade, svg);
      }
      out_ += "</figure>\n";
    }
  }

  void write_values() {
    if (report_.values.empty()) return;
    put("{}<div class=\"wide\"><table>\n", heading({"Values", "数值"}));
    for (const Value& value : report_.values) {
      put("<tr><td>{}</td><td class=\"number\">{}</td><td class=\"unit\">{}</td><td class=\"name\">{}</td></tr>\n",
          called(value.label, value.name), html_escaped(show_number(value.number)), html_escaped(value.unit),
          html_escaped(value.name));
    }
    out_ += "</table></div>\n";
  }

  void write_parameters() {
    if (run_.parameters.specs().empty()) return;
    put("{}<div class=\"wide\"><table>\n", heading({"Parameters", "参数"}));
    for (const ParameterSpec& spec : run_.parameters.specs()) {
      put("<tr><td>{}</td><td class=\"number\">{}</td><td class=\"name\">{}</td></tr>\n", called(spec.label, spec.name),
          html_escaped(show_value(spec, run_.parameters.value(spec.name), language_)), html_escaped(spec.name));
    }
    out_ += "</table></div>\n";
  }

  void write_tables() {
    if (report_.tables.empty()) return;
    out_ += heading({"Tables", "表格"});
    for (const Table& table : report_.tables) write_table(table);
  }

  void write_table(const Table& table) {
    const std::size_t rows = std::min(table.rows.size(), longest_table);
    std::vector<std::vector<std::string>> cells;
    std::vector<const char*> align;
    put("<div class=\"wide\"><table id=\"table-{}\">\n<caption>{} <span class=\"name\">{}</span></caption>\n<tr>",
        html_escaped(table.name), called(table.title, table.name), html_escaped(table.name));
    for (std::size_t column = 0; column < table.columns.size(); ++column) {
      const views::ShownColumn shown = views::shown_column(table, column, language_, longest_table);
      align.push_back(shown.right ? " class=\"number\"" : "");
      cells.push_back(shown.cells);
      const Column& head = table.columns[column];
      const std::string unit =
          head.unit.empty() ? "" : "<br/><span class=\"unit\">" + html_escaped(head.unit) + "</span>";
      put("<th{}>{}{}</th>", align[column], called(head.label, head.name), unit);
    }
    out_ += "</tr>\n";
    for (std::size_t row = 0; row < rows; ++row) {
      out_ += "<tr>";
      for (std::size_t column = 0; column < cells.size(); ++column) {
        put("<td{}>{}</td>", align[column], html_escaped(cells[column][row]));
      }
      out_ += "</tr>\n";
    }
    out_ += "</table></div>\n";
    if (const std::size_t left = table.rows.size() - rows; left > 0) {
      put("<p class=\"facts\">{}</p>\n", in({fmt::format("{} more rows: export the table as csv.", left),
                                             fmt::format("其余 {} 行：请将表格导出为 csv。", left)}));
    }
  }

  std::string expected(const Check& check) const {
    const std::string figure = show_number(check.expected, check_digits);
    switch (check.relation) {
      case Relation::at_least: return "≥ " + figure;
      case Relation::at_most: return "≤ " + figure;
      case Relation::equals: break;
    }
    return check.tolerance > 0 ? figure + " ± " + show_number(check.tolerance) : figure;
  }

  void write_checks() {
    if (report_.checks.empty()) return;
    const auto failed = std::count_if(report_.checks.begin(), report_.checks.end(), [](auto& c) { return !c.passed; });
    const auto passed = static_cast<std::ptrdiff_t>(report_.checks.size()) - failed;
    put("{}<ul class=\"checks\">\n", heading({fmt::format("Checks: {} passed, {} failed", passed, failed),
                                              fmt::format("检验：{} 项通过，{} 项失败", passed, failed)}));
    for (const Check& check : report_.checks) write_check(check);
    out_ += "</ul>\n";
  }

  void write_check(const Check& check) {
    const std::string value = show_number(check.value, check_digits);
    put("<li class=\"{}\" id=\"check-{}\"><span class=\"verdict\">{}</span>{}<div><span "
        "class=\"outcome\">{}</span></div>",
        check.passed ? "ok" : "failed", html_escaped(check.name), check.passed ? "✓" : "✗",
        called(check.label, check.name),
        in(check.passed ? Text{fmt::format("{}, expected {}", value, expected(check)),
                               fmt::format("{}，应为 {}", value, expected(check))}
                        : Text{fmt::format("Failed: {}, expected {}", value, expected(check)),
                               fmt::format("失败：{}，应为 {}", value, expected(check))}));
    if (check.claim) {
      const std::string claim = show_number(*check.claim, check_digits);
      put("<div{}>{}</div>", check.claim_holds ? "" : " class=\"claim\"",
          in(check.claim_holds ? Text{"Printed: " + claim + ". It holds.", "印刷值：" + claim + "，成立。"}
                               : Text{"Printed: " + claim + ". It does not hold.", "印刷值：" + claim + "，不成立。"}));
    }
    if (!check.source.empty()) put("<div class=\"source\">{}</div>", in(check.source));
    out_ += "</li>\n";
  }

  void write_notes() {
    if (report_.notes.empty()) return;
    put("{}<ul>\n", heading({"Notes", "说明"}));
    for (const Text& note : report_.notes) put("<li>{}</li>\n", in(note));
    out_ += "</ul>\n";
  }

  void write_documents() {
    if (report_.documents.empty()) return;
    out_ += heading({"Documents", "文档"});
    for (const Document& document : report_.documents) {
      put("<h3 class=\"name\">{}</h3>\n<pre><code>{}</code></pre>\n", html_escaped(document.name),
          html_escaped(document.text));
    }
  }

  const LessonRun& run_;
  const Report& report_;
  Language language_;
  std::string out_;
};

}  // namespace

std::string html(const LessonRun& run, Language language) { return Page(run, language).write(); }

}  // namespace qlab::views
