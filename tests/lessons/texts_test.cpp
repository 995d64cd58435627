// The lessons' texts: what en.md says, zh.md says too, and what they name exists.
#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "app/views/markdown.hpp"
#include "tests/lessons/run_lesson.hpp"

namespace {

using namespace qlab;
using namespace qlab::tests;

/// Calls visit(block) for every block of the text, in reading order.
template <class Visit>
void walk(const std::vector<markdown::Block>& blocks, const Visit& visit) {
  for (const markdown::Block& block : blocks) {
    visit(block);
    walk(block.children, visit);
  }
}

struct Outline {
  std::vector<int> heading_levels;
  std::vector<std::string> links;
  std::vector<std::string> live_values;
};

Outline outline_of(const std::string& text) {
  Outline outline;
  const markdown::Document document = markdown::parse(text);
  walk(document.blocks, [&](const markdown::Block& block) {
    if (block.kind == markdown::BlockKind::heading) outline.heading_levels.push_back(block.level);
    for (const markdown::Span& span : block.spans) {
      if (!span.link.empty()) outline.links.push_back(span.link);
    }
  });
  outline.live_values = markdown::live_names(document);
  std::sort(outline.links.begin(), outline.links.end());
  std::sort(outline.live_values.begin(), outline.live_values.end());
  return outline;
}

TEST_CASE("both languages of a lesson have the same headings, links and live values", "[lessons][text]") {
  for (const lessons::Lesson& lesson : built_in_lessons()) {
    CAPTURE(lesson.id);
    const Outline en = outline_of(lesson.body.en);
    const Outline zh = outline_of(lesson.body.zh);
    CHECK(en.heading_levels.size() > 3);
    CHECK(en.heading_levels == zh.heading_levels);
    CHECK(en.links == zh.links);
    CHECK_FALSE(en.live_values.empty());
    CHECK(en.live_values == zh.live_values);
  }
}

TEST_CASE("a live value of a text names a value of the Report or a parameter", "[lessons][text]") {
  for (const lessons::Lesson& lesson : built_in_lessons()) {
    const Report report = run_lesson(lesson);
    const Parameters parameters(lesson.parameters);
    for (const std::string& name : outline_of(lesson.body.en).live_values) {
      CAPTURE(lesson.id, name);
      const std::string_view view = name;
      if (view.starts_with("parameters.")) {
        CHECK(parameters.find(view.substr(11)) != nullptr);
      } else {
        REQUIRE(view.starts_with("values."));
        CHECK(report.find_value(view.substr(7)) != nullptr);
      }
    }
  }
}

TEST_CASE("a link to a lesson leads to one", "[lessons][text]") {
  const std::vector<lessons::Lesson> lessons = built_in_lessons();
  for (const lessons::Lesson& lesson : lessons) {
    for (const std::string& link : outline_of(lesson.body.en).links) {
      CAPTURE(lesson.id, link);
      if (!link.starts_with("lesson:")) continue;
      const auto same = [&](const lessons::Lesson& other) { return other.id == link.substr(7); };
      CHECK(std::any_of(lessons.begin(), lessons.end(), same));
    }
  }
}

/// The emphasised words of a text. In English those that begin with a capital are titles: of a chart, a table, a
/// scenario.
std::vector<std::string> emphasised(const std::string& text) {
  std::vector<std::string> phrases;
  const markdown::Document document = markdown::parse(text);
  walk(document.blocks, [&](const markdown::Block& block) {
    for (const markdown::Span& span : block.spans) {
      if (span.emphasis && !span.strong) phrases.push_back(span.text);
    }
  });
  return phrases;
}

/// Every title that one of the lesson's scenarios shows, and their own.
std::vector<Text> titles_of(const lessons::Lesson& lesson) {
  std::vector<Text> titles;
  for (const lessons::Scenario& scenario : lesson.scenarios) {
    titles.push_back(scenario.title);
    const Report report = run_lesson(lesson, scenario.name);
    for (const Chart& chart : report.charts) titles.push_back(chart.title);
    for (const Table& table : report.tables) titles.push_back(table.title);
  }
  return titles;
}

TEST_CASE("a chart, table or scenario that a text names has that title, in both languages", "[lessons][text]") {
  for (const lessons::Lesson& lesson : built_in_lessons()) {
    const std::vector<Text> titles = titles_of(lesson);
    const std::vector<std::string> chinese = emphasised(lesson.body.zh);
    for (const std::string& phrase : emphasised(lesson.body.en)) {
      if (phrase.empty() || phrase[0] < 'A' || phrase[0] > 'Z') continue;
      CAPTURE(lesson.id, phrase);
      CHECK(std::any_of(titles.begin(), titles.end(), [&](const Text& title) {
        return title.en.starts_with(phrase) && std::any_of(chinese.begin(), chinese.end(), [&](const std::string& one) {
                 return one.size() > 3 && title.zh.starts_with(one);
               });
      }));
    }
  }
}

}  // namespace
