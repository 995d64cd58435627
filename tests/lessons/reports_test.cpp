// What every lesson's Report owes its readers, whichever lesson it is.
#include <regex>
#include <set>

#include "tests/lessons/run_lesson.hpp"

namespace {

using namespace qlab;
using namespace qlab::tests;

bool in_both_languages(const Text& text) { return !text.en.empty() && !text.zh.empty(); }

TEST_CASE("values have names of their own, and tables and charts, which become files, have too", "[lessons]") {
  for (const lessons::Lesson& lesson : built_in_lessons()) {
    const Report report = run_lesson(lesson);
    std::set<std::string> values, files, checks;
    for (const Value& value : report.values) {
      CAPTURE(lesson.id, value.name);
      CHECK(values.insert(value.name).second);
    }
    for (const Table& table : report.tables) {
      CAPTURE(lesson.id, table.name);
      CHECK(files.insert(table.name).second);
    }
    for (const Chart& chart : report.charts) {
      CAPTURE(lesson.id, chart.name);
      CHECK(files.insert(chart.name).second);
    }
    for (const Check& check : report.checks) {
      CAPTURE(lesson.id, check.name);
      CHECK(checks.insert(check.name).second);
    }
  }
}

TEST_CASE("whatever a Report shows is said in both languages", "[lessons][text]") {
  for (const lessons::Lesson& lesson : built_in_lessons()) {
    const Report report = run_lesson(lesson);
    for (const Value& value : report.values) {
      CAPTURE(lesson.id, value.name);
      CHECK(in_both_languages(value.label));
    }
    for (const Table& table : report.tables) {
      CAPTURE(lesson.id, table.name);
      CHECK(in_both_languages(table.title));
      for (const Column& column : table.columns) CHECK(in_both_languages(column.label));
      for (const auto& row : table.rows) CHECK(row.size() == table.columns.size());
    }
    for (const Chart& chart : report.charts) {
      CAPTURE(lesson.id, chart.name);
      CHECK(in_both_languages(chart.title));
      CHECK(chart.note.en.empty() == chart.note.zh.empty());
      for (const Series& series : chart.series) CHECK(in_both_languages(series.label));
    }
    for (const Check& check : report.checks) {
      CAPTURE(lesson.id, check.name);
      CHECK(in_both_languages(check.label));
      CHECK(in_both_languages(check.source));
    }
    for (const Text& note : report.notes) CHECK(in_both_languages(note));
  }
}

/// What a text calls charts and tables: "the chart *Title*", "the tables *One* and *Two*".
std::vector<std::string> named_in(std::string text, const std::string& noun, const std::string& conjunction) {
  std::replace(text.begin(), text.end(), '\n', ' ');
  const std::regex pattern("(?:" + noun + ") \\*([^*]+)\\*(?: " + conjunction + " \\*([^*]+)\\*)?");
  std::vector<std::string> names;
  for (std::sregex_iterator found(text.begin(), text.end(), pattern), end; found != end; ++found) {
    for (const std::size_t group : {1U, 2U}) {
      if ((*found)[group].matched) names.push_back((*found)[group]);
    }
  }
  return names;
}

TEST_CASE("a chart or table that a text names by its title is in the Report", "[lessons][text]") {
  for (const lessons::Lesson& lesson : all_lessons()) {
    const Report report = run_lesson(lesson);
    std::set<std::string> en, zh;
    for (const Chart& chart : report.charts) en.insert(chart.title.en), zh.insert(chart.title.zh);
    for (const Table& table : report.tables) en.insert(table.title.en), zh.insert(table.title.zh);
    const auto named_en = named_in(lesson.body.en, "charts?|tables?", "and");
    const auto named_zh = named_in(lesson.body.zh, "图|表", "和");
    CHECK_FALSE(named_en.empty());
    CHECK(named_en.size() == named_zh.size());
    for (const std::string& name : named_en) {
      CAPTURE(lesson.id, name);
      CHECK(en.count(name) == 1);
    }
    for (const std::string& name : named_zh) {
      CAPTURE(lesson.id, name);
      CHECK(zh.count(name) == 1);
    }
  }
}

}  // namespace
