#include "app/chart/text.hpp"

#include <thread>

#include "tests/app/chart/samples.hpp"
#include "tests/support/catch.hpp"

using namespace qlab;
using namespace qlab::chart;

TEST_CASE("a text's width is proportional to its size, and bold is wider", "[app][chart]") {
  const std::string text = "Memory 内存 (GiB)";
  CHECK(text_width(text, 30, false) == Approx(2 * text_width(text, 15, false)));
  CHECK(text_width(text, 15, true) > text_width(text, 15, false));
  CHECK(text_width("", 15, false) == 0);
  CHECK(text_width("内存", 20, false) == Approx(40).epsilon(0.02));
}

TEST_CASE("no label of the samples has a character that no font can show", "[app][chart]") {
  const auto check = [](const Text& text) {
    for (const std::string& word : {text.en, text.zh}) {
      CAPTURE(word);
      CHECK(count_unknown_glyphs(word) == 0);
    }
  };
  for (const Chart& chart : test::sample_charts()) {
    check(chart.title);
    check(chart.note);
    check(chart.x.label);
    check(chart.y.label);
    for (const Text& name : chart.x.categories) check(name);
    for (const Series& series : chart.series) check(series.label);
  }
  CHECK(count_unknown_glyphs("−0.5 ×10⁻¹²³⁴⁵⁶⁷⁸⁹⁰ ∞ – … √L σ²") == 0);
  CHECK(count_unknown_glyphs("\U0010FFFD") > 0);  // the check can fail
}

TEST_CASE("wrapped lines fit, keep every word, and end in an ellipsis only when something is missing", "[app][chart]") {
  const std::string text = "The steeper a line rises, the more its type suffers from the largest value of a block.";
  for (double width = 30; width < 900; width += 13) {
    for (const std::size_t lines : {1, 2, 5, 40}) {
      const std::vector<std::string> wrapped = wrap(text, 15, false, width, lines);
      CAPTURE(width, lines);
      REQUIRE_FALSE(wrapped.empty());
      CHECK(wrapped.size() <= lines);
      std::string joined;
      for (const std::string& line : wrapped) {
        CHECK(text_width(line, 15, false) <= width);
        joined += (joined.empty() ? "" : " ") + line;
      }
      CHECK((joined == text || joined.ends_with("…")));
      if (lines == 40 && width > 90) CHECK(joined == text);
    }
  }
}

TEST_CASE("Chinese breaks between characters but never before a full stop", "[app][chart]") {
  const std::string text = "块越大，位数越少，误差越大。";
  for (double width = 40; width < 240; width += 7) {
    for (const std::string& line : wrap(text, 15, false, width, 20)) {
      CAPTURE(width, line);
      CHECK_FALSE(line.starts_with("，"));
      CHECK_FALSE(line.starts_with("。"));
    }
  }
}

TEST_CASE("names of tensors break after an underscore", "[app][chart]") {
  const std::string name = "int4_affine_zp";
  const std::vector<std::string> lines = wrap(name, 15, false, text_width("int4_affine_", 15, false) + 1, 2);
  CHECK(lines == std::vector<std::string>{"int4_affine_", "zp"});
}

TEST_CASE("text of files becomes one valid line", "[app][chart]") {
  CHECK(clean("two\nlines\tand a\x01 bell") == "two lines and a  bell");
  CHECK(clean("broken \xff byte") == "broken \xEF\xBF\xBD byte");
  CHECK(clean("内存") == "内存");
}

TEST_CASE("a turned label's bounds turn with it", "[app][chart]") {
  Label label;
  label.text = "peak";
  label.size = 20;
  label.baseline = {100, 100};
  const Rectangle level = bounds(label);
  CHECK(level.corner.x == Approx(100));
  CHECK(level.width == Approx(text_width("peak", 20, false)));
  label.rotation_degrees = 90;
  const Rectangle upright = bounds(label);
  CHECK(upright.height == Approx(level.width));
  CHECK(upright.corner.y == Approx(100));
  label.anchor = Anchor::end;
  CHECK(bounds(label).bottom() == Approx(100));
}

TEST_CASE("threads measure alike", "[app][chart]") {
  double widths[4] = {};
  {
    std::vector<std::jthread> threads;
    for (double& width : widths)
      threads.emplace_back([&width] { width = text_width("Sequence length T 序列长度", 15, true); });
  }
  for (const double width : widths) CHECK(width == text_width("Sequence length T 序列长度", 15, true));
}
