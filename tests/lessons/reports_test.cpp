// What every lesson's Report owes its readers, whichever lesson it is.
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

}  // namespace
