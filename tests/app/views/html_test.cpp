#include "app/views/html.hpp"

#include <functional>

#include "app/views/html_text.hpp"
#include "tests/app/views/sample_report.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/xml.hpp"

namespace {

using namespace qlab;
using namespace qlab::test;

/// The page is XML too, but for its first line.
XmlElement parse_page(const std::string& html) {
  constexpr std::string_view doctype = "<!DOCTYPE html>\n";
  REQUIRE(html.starts_with(doctype));
  return parse_xml("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n" + html.substr(doctype.size()));
}

void visit(const XmlElement& root, const std::function<void(const XmlElement&)>& action) {
  action(root);
  for (const XmlElement& child : root.children) visit(child, action);
}

std::size_t count(const XmlElement& root, const std::string& name) {
  std::size_t found = 0;
  visit(root, [&](const XmlElement& element) { found += element.name == name ? 1 : 0; });
  return found;
}

/// The element whose attribute `id` is this.
XmlElement with_id(const XmlElement& root, const std::string& id) {
  XmlElement found;
  visit(root, [&](const XmlElement& element) {
    const auto at = element.attributes.find("id");
    if (at != element.attributes.end() && at->second == id) found = element;
  });
  REQUIRE(!found.name.empty());
  return found;
}

std::string all_text(const XmlElement& root) {
  std::string text;
  visit(root, [&](const XmlElement& element) { text += element.text + "\n"; });
  return text;
}

bool contains(const std::string& text, const std::string& what) { return text.find(what) != std::string::npos; }

}  // namespace

TEST_CASE("the HTML page is well-formed and holds every value, table, chart, check, note and document",
          "[app][views]") {
  SampleRun sample;
  sample.lesson.body = {"# Small\n\nThe error is **{{values.mse}}** at {{parameters.block_size}}.", ""};
  const std::string html = views::html(sample.run, Language::en);
  const XmlElement page = parse_page(html);
  CHECK(page.attributes.at("lang") == "en");
  const std::string text = all_text(page);
  for (const char* said :
       {"One sentence.", "Error", "0.008452", "Signal to noise", "∞", "Block size", "64 values", "nf4, \"new\"",
        "A sample of the file.", "[INFO] one\n[INFO] two", "Error by block", "Checks: 2 passed, 1 failed",
        "Failed: 0.5, expected ≥ 0.8", "Printed: 0.4. It does not hold.", "a library",
        "qloralab run small --out . --export html"}) {
    CAPTURE(said);
    CHECK(contains(text, said));
  }
  CHECK(count(page, "svg") == 2);  // one for light, one for dark
  CHECK(count(page, "h1") == 1);
  CHECK(with_id(page, "check-speed").attributes.at("class") == "failed");
  CHECK(with_id(page, "check-mse_known").attributes.at("class") == "ok");
  const XmlElement table = with_id(page, "table-types");
  CHECK(count(table, "tr") == 3);
  CHECK(contains(all_text(table), "–"));  // a cell without anything
}

TEST_CASE("the HTML page speaks Chinese throughout when asked", "[app][views]") {
  const SampleRun sample;
  const XmlElement page = parse_page(views::html(sample.run, Language::zh));
  CHECK(page.attributes.at("lang") == "zh-Hans");
  const std::string text = all_text(page);
  for (const char* said : {"一句话。", "误差", "块大小", "检验：2 项通过，1 项失败", "印刷值：0.4，不成立。",
                           "文件的一部分。", "--lang zh"}) {
    CAPTURE(said);
    CHECK(contains(text, said));
  }
  for (const char* unsaid : {"Values", "Checks", "Parameters", "Charts", "expected"})
    CHECK_FALSE(contains(text, unsaid));
}

TEST_CASE("the HTML page stands alone: no script, nothing loaded from elsewhere", "[app][views]") {
  SampleRun sample;
  sample.lesson.body = {
      "See [blocks](lesson:blockwise), [the paper](https://arxiv.org/abs/2305.14314) and [this](javascript:alert(1)).",
      ""};
  const XmlElement page = parse_page(views::html(sample.run, Language::en));
  std::vector<std::string> links;
  visit(page, [&](const XmlElement& element) {
    CHECK(element.name != "script");
    CHECK(element.name != "link");
    CHECK(element.attributes.count("src") == 0);
    const auto href = element.attributes.find("href");
    if (href != element.attributes.end() && !href->second.starts_with("data:")) links.push_back(href->second);
    for (const auto& [name, value] : element.attributes) CHECK_FALSE(name.starts_with("on"));
  });
  CHECK(links == std::vector<std::string>{"https://arxiv.org/abs/2305.14314"});
}

TEST_CASE("the HTML page escapes names, texts and documents", "[app][views]") {
  SampleRun sample;
  const std::string hostile = "</pre></style><script>x</script>&\"'\x01\xff";
  sample.run.report.documents.push_back({hostile, "text", hostile});
  sample.run.report.values[0].label = {hostile, hostile};
  sample.run.report.checks[0].source = {hostile, hostile};
  sample.run.report.charts[0].name = hostile;
  sample.run.report.device = hostile;
  sample.run.report.complete = false;
  const XmlElement page = parse_page(views::html(sample.run, Language::en));
  CHECK(count(page, "script") == 0);
  CHECK(contains(all_text(page), "</pre></style><script>x</script>&\"' \xEF\xBF\xBD"));
  CHECK(contains(all_text(page), "Incomplete: the run was stopped."));
}

TEST_CASE("the same run makes the same HTML page", "[app][views]") {
  const SampleRun sample;
  CHECK(views::html(sample.run, Language::en) == views::html(sample.run, Language::en));
}

TEST_CASE("a lesson's blocks become HTML", "[app][views]") {
  const auto html = [](const char* source) { return views::html_of(markdown::parse(source)); };
  CHECK(html("# A\n\n###### B") == "<h2>A</h2>\n<h6>B</h6>\n");
  CHECK(html("one *two* **three** `four < 5`") ==
        "<p>one <em>two</em> <strong>three</strong> <code>four &lt; 5</code></p>\n");
  CHECK(html("3. x\n4. y") == "<ol start=\"3\">\n<li><p>x</p>\n</li>\n<li><p>y</p>\n</li>\n</ol>\n");
  CHECK(html("> q") == "<blockquote>\n<p>q</p>\n</blockquote>\n");
  CHECK(html("```\na & b\n```") == "<pre><code>a &amp; b\n</code></pre>\n");
  CHECK(html("---") == "<hr/>\n");
  CHECK(html("| a | b |\n|---|--:|\n| 1 | 2 |") ==
        "<div class=\"wide\"><table>\n<tr><th>a</th><th class=\"number\">b</th></tr>\n<tr><td>1</td><td "
        "class=\"number\">2</td></tr>\n</table></div>\n");
  CHECK(html("<b>raw</b>") == "<p>&lt;b&gt;raw&lt;/b&gt;</p>\n");
}
