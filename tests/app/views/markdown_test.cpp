#include "app/views/markdown.hpp"

#include "tests/support/catch.hpp"

using namespace qlab::markdown;

namespace {
Block only_block(const char* source) {
  const Document document = parse(source);
  REQUIRE(document.blocks.size() == 1);
  return document.blocks[0];
}
}  // namespace

TEST_CASE("markdown: a heading keeps its level and its looks", "[app][markdown]") {
  const Block heading = only_block("## Blocks of *64* values");
  CHECK(heading.kind == BlockKind::heading);
  CHECK(heading.level == 2);
  CHECK(heading.spans == Spans{{"Blocks of ", false, false, false, ""},
                               {"64", false, true, false, ""},
                               {" values", false, false, false, ""}});
  CHECK(plain_text(heading.spans) == "Blocks of 64 values");
}

TEST_CASE("markdown: spans carry strong, code and links, also nested", "[app][markdown]") {
  const Block paragraph = only_block("**See [`nf4`](lesson:nf4)** now");
  REQUIRE(paragraph.spans.size() == 3);
  CHECK(paragraph.spans[0] == Span{"See ", true, false, false, ""});
  CHECK(paragraph.spans[1] == Span{"nf4", true, false, true, "lesson:nf4"});
  CHECK(paragraph.spans[2] == Span{" now", false, false, false, ""});
}

TEST_CASE("markdown: a tight list's items hold paragraphs and their own lists", "[app][markdown]") {
  const Block list = only_block("3. first\n4. second\n   - inner\n5. third\n");
  CHECK(list.kind == BlockKind::list);
  CHECK(list.ordered);
  CHECK(list.first_number == 3);
  REQUIRE(list.children.size() == 3);
  const Block& second = list.children[1];
  REQUIRE(second.children.size() == 2);
  CHECK(second.children[0].kind == BlockKind::paragraph);
  CHECK(plain_text(second.children[0].spans) == "second");
  REQUIRE(second.children[1].kind == BlockKind::list);
  CHECK_FALSE(second.children[1].ordered);
  CHECK(plain_text(second.children[1].children.at(0).children.at(0).spans) == "inner");
}

TEST_CASE("markdown: a table keeps its cells and alignments, the heading first", "[app][markdown]") {
  const Block table = only_block("| type | bits |\n| :-- | --: |\n| `nf4` | 4.5 |\n| int4 |  |\n");
  CHECK(table.kind == BlockKind::table);
  CHECK(table.columns == std::vector{Align::start, Align::end});
  REQUIRE(table.rows.size() == 3);
  CHECK(plain_text(table.rows[0][1]) == "bits");
  CHECK(table.rows[1][0].at(0).code);
  CHECK(plain_text(table.rows[1][1]) == "4.5");
  CHECK(table.rows[2][1].empty());
}

TEST_CASE("markdown: code keeps its lines and its language", "[app][markdown]") {
  const Block code = only_block("```python\nx = 1\n\n  y < 2\n```");
  CHECK(code.kind == BlockKind::code);
  CHECK(code.language == "python");
  CHECK(code.text == "x = 1\n\n  y < 2\n");
}

TEST_CASE("markdown: raw HTML stays text and entities become characters", "[app][markdown]") {
  CHECK(plain_text(only_block("<b>x</b> &lt; &#945; &amp;amp;").spans) == "<b>x</b> < \xCE\xB1 &amp;");
}

TEST_CASE("markdown: a line end is a blank between words and nothing between Chinese characters", "[app][markdown]") {
  CHECK(plain_text(only_block("one\ntwo").spans) == "one two");
  CHECK(plain_text(only_block("量化\n误差").spans) == "量化误差");
  CHECK(plain_text(only_block("块大小\n64").spans) == "块大小 64");
  CHECK(plain_text(only_block("结束。\n“开始”").spans) == "结束。“开始”");
}

TEST_CASE("markdown: a hard break is a span of its own", "[app][markdown]") {
  const Block paragraph = only_block("one\\\ntwo");
  REQUIRE(paragraph.spans.size() == 3);
  CHECK(paragraph.spans[1].text == "\n");
}

TEST_CASE("markdown: live values are found everywhere and filled in once", "[app][markdown]") {
  const Document document = parse(
      "# {{values.a}}\n\ntext {{ values.b }}, `{{values.a}}`\n\n- {{parameters.n_layers}}\n\n"
      "| x | y |\n| --- | --- |\n| {{values.c}} | 1 |\n");
  CHECK(live_names(document) == std::vector<std::string>{"values.a", "values.b", "parameters.n_layers", "values.c"});

  const Document filled = fill_in(document, [](std::string_view name) { return std::string(name).append("!"); });
  REQUIRE(filled.blocks.size() == 4);
  REQUIRE(filled.blocks[3].rows.size() == 2);
  CHECK(plain_text(filled.blocks[0].spans) == "values.a!");
  CHECK(plain_text(filled.blocks[1].spans) == "text values.b!, values.a!");
  CHECK(plain_text(filled.blocks[2].children[0].children[0].spans) == "parameters.n_layers!");
  CHECK(plain_text(filled.blocks[3].rows[1][0]) == "values.c!");
  CHECK(live_names(filled).empty());
}

TEST_CASE("markdown: what a value says is not read as Markdown again", "[app][markdown]") {
  const Document filled = fill_in(parse("is {{values.a}}"), [](std::string_view) { return "*{{values.b}}*"; });
  CHECK(filled.blocks[0].spans == Spans{{"is *{{values.b}}*", false, false, false, ""}});
}

TEST_CASE("markdown: an open brace pair without an end stays as it is", "[app][markdown]") {
  const Document filled = fill_in(parse("a {{values.x"), [](std::string_view) { return "never"; });
  CHECK(plain_text(filled.blocks[0].spans) == "a {{values.x");
}
