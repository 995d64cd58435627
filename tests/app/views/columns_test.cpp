#include "app/views/columns.hpp"

#include "core/base/utf8.hpp"
#include "tests/support/catch.hpp"

namespace {

using namespace qlab::views;
using Lines = std::vector<std::string>;

TEST_CASE("a Chinese character is two cells wide, an accent none", "[app][views]") {
  CHECK(display_width("NF4") == 3);
  CHECK(display_width("块大小") == 6);
  CHECK(display_width("e\u0301") == 1);
  CHECK(display_width("± 0.5 GiB·") == 10);
  CHECK(display_width("：，") == 4);
}

TEST_CASE("control characters and broken UTF-8 are shown, not sent to the terminal", "[app][views]") {
  CHECK(visible("a\nb\x1b[31m") == "a\\x0ab\\x1b[31m");
  CHECK(visible("x\xffy\x7f") == "x\\xffy\\x7f");
  CHECK(visible("\u0085") == "\\xc2\\x85");
  CHECK(visible("张量 “a b”") == "张量 “a b”");
}

TEST_CASE("columns line up whatever their alphabet", "[app][views]") {
  CHECK(aligned({{{"块", "1", "x"}, {"name", "10", ""}}, {false, true}}, 80) == Lines{"块     1  x", "name  10"});
  CHECK(aligned({{{"a", "one two three four"}, {"b", "five"}}, {}}, 17) ==
        Lines{"a  one two three", "   four", "b  five"});
}

TEST_CASE("text wraps at blanks, and Chinese anywhere", "[app][views]") {
  CHECK(wrapped("one two  three", 7) == Lines{"one two", "three"});
  CHECK(wrapped("unbreakable word", 5) == Lines{"unbre", "akabl", "e", "word"});
  CHECK(wrapped("一二三四五", 5) == Lines{"一二", "三四", "五"});
  CHECK(wrapped("", 10) == Lines{""});
}

TEST_CASE("no wrapped line is wider than asked, and no character is lost", "[app][views][property]") {
  const std::string text = "QLoRA 把 base 模型的权重 quantized to four bits，并训练 low-rank adapters in 16 bits。";
  const int width = GENERATE(range(4, 60));
  std::string together;
  for (const std::string& line : wrapped(text, width)) {
    CHECK(display_width(line) <= width);
    together += line;
  }
  const auto without_blanks = [](std::string s) {
    std::erase(s, ' ');
    return s;
  };
  CHECK(without_blanks(together) == without_blanks(text));
}

TEST_CASE("UTF-8 is read strictly", "[core][base]") {
  using qlab::find_broken_utf8;
  CHECK_FALSE(find_broken_utf8("plain, é, 块, 😀"));
  CHECK(find_broken_utf8("ab\x80") == 2u);
  CHECK(find_broken_utf8("\xc0\xaf") == 0u);          // overlong
  CHECK(find_broken_utf8("\xe0\x80\xaf") == 0u);      // overlong
  CHECK(find_broken_utf8("a\xed\xa0\x80") == 1u);     // surrogate
  CHECK(find_broken_utf8("\xf4\x90\x80\x80") == 0u);  // past U+10FFFF
  CHECK(find_broken_utf8("块\xe5\x9d") == 3u);        // cut short
  CHECK(find_broken_utf8("\xf8\x88\x80\x80\x80") == 0u);
}

}  // namespace
