#include "app/gui/text_flow.hpp"

#include "core/base/utf8.hpp"
#include "tests/support/catch.hpp"

using namespace qlab;
using namespace qlab::gui;

namespace {

/// A face whose Latin letters are 1 wide and whose Chinese characters are 2; bold ones half as much more.
float measure(const markdown::Span& span, std::string_view part) {
  float width = 0;
  while (!part.empty()) {
    const auto code = take_character(part);
    if (!code) part.remove_prefix(1);
    width += code.value_or(0) >= 0x2E80 ? 2.0F : 1.0F;
  }
  return span.strong ? width * 1.5F : width;
}

markdown::Span plain(std::string text) { return {std::move(text), false, false, false, ""}; }
markdown::Span bold(std::string text) { return {std::move(text), true, false, false, ""}; }

std::vector<std::string> lines_of(const markdown::Spans& spans, float width) {
  const Flow flow = flow_text(spans, width, measure);
  std::vector<std::string> lines(flow.widths.size());
  for (const FlowRun& run : flow.runs) {
    lines[static_cast<std::size_t>(run.line)] += spans[run.span].text.substr(run.first, run.last - run.first);
  }
  for (std::string& line : lines) {
    while (line.ends_with(' ')) line.pop_back();
  }
  return lines;
}

using Lines = std::vector<std::string>;

}  // namespace

TEST_CASE("text flow: words are kept whole and blanks end a line", "[app][gui]") {
  CHECK(lines_of({plain("one two three")}, 7) == Lines{"one two", "three"});
  CHECK(lines_of({plain("one two three")}, 8) == Lines{"one two", "three"});
  CHECK(lines_of({plain("one two three")}, 100) == Lines{"one two three"});
}

TEST_CASE("text flow: Chinese breaks between any characters", "[app][gui]") {
  CHECK(lines_of({plain("量化误差很小")}, 6) == Lines{"量化误", "差很小"});
  CHECK(lines_of({plain("使用NF4码本")}, 7) == Lines{"使用NF4", "码本"});
}

TEST_CASE("text flow: no line begins with a closing mark or ends with an opening one", "[app][gui]") {
  CHECK(lines_of({plain("量化误差，很小")}, 8) == Lines{"量化误", "差，很小"});
  CHECK(lines_of({plain("误差（很小）")}, 6) == Lines{"误差", "（很", "小）"});
  CHECK(lines_of({plain("见“误差”")}, 4) == Lines{"见", "“误", "差”"});
}

TEST_CASE("text flow: a word of several looks is one word", "[app][gui]") {
  CHECK(lines_of({plain("see "), bold("ab"), plain("c now")}, 8) == Lines{"see abc", "now"});
  CHECK(lines_of({plain("seen "), bold("ab"), plain("c now")}, 8) == Lines{"seen", "abc now"});
}

TEST_CASE("text flow: a word wider than the line is broken where it must", "[app][gui]") {
  CHECK(lines_of({plain("a abcdefgh b")}, 4) == Lines{"a", "abcd", "efgh", "b"});
}

TEST_CASE("text flow: a hard break ends the line, and an empty text has none", "[app][gui]") {
  CHECK(lines_of({plain("one"), plain("\n"), plain("two")}, 100) == Lines{"one", "two"});
  CHECK(lines_of({}, 10).empty());
}

TEST_CASE("text flow: runs stand side by side and fill the stated width", "[app][gui]") {
  const markdown::Spans spans{plain("ab "), bold("cd"), plain(" ef")};
  const Flow flow = flow_text(spans, 100, measure);
  REQUIRE(flow.runs.size() == 3);
  CHECK(flow.runs[1].x == flow.runs[0].x + flow.runs[0].width);
  CHECK(flow.runs[2].x == flow.runs[1].x + flow.runs[1].width);
  CHECK(flow.widths == std::vector<float>{3 + 3 + 3});
}

TEST_CASE("text flow: no line is wider than it may be", "[app][gui][property]") {
  const markdown::Spans spans{plain("Divide each block by its largest 绝对值 (absmax)，然后 "), bold("查找最近的电平"),
                              plain(" among sixteen. 结束。")};
  const int width = GENERATE(range(8, 60));
  const Flow flow = flow_text(spans, static_cast<float>(width), measure);
  for (const float line : flow.widths) CHECK(line <= static_cast<float>(width));
  std::string all;
  for (const FlowRun& run : flow.runs) all += spans[run.span].text.substr(run.first, run.last - run.first);
  CHECK(all == markdown::plain_text(spans));
}
