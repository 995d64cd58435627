#include "app/gui/code_points.hpp"

#include "app/gui/strings.hpp"
#include "tests/support/catch.hpp"

using namespace qlab;
using namespace qlab::gui;

TEST_CASE("code points: figures and Latin are there from the start", "[app][gui]") {
  CodePoints points;
  CHECK_FALSE(points.add("MSE −1.2×10⁻⁹ ≈ σ² · 2^(−2·bits), naïve Łódź"));
  CHECK_FALSE(points.contains(U'量'));
  CHECK_FALSE(points.contains(U'\n'));
}

TEST_CASE("code points: new characters are told once", "[app][gui]") {
  CodePoints points;
  CHECK(points.add("量化"));
  CHECK_FALSE(points.add("化量"));
  CHECK(points.add("量子"));
  CHECK(points.contains(U'子'));
}

TEST_CASE("code points: broken UTF-8 and characters past the fonts' reach are passed over", "[app][gui]") {
  CodePoints points;
  CHECK(points.add("\xFF\xC3(\xF0\x9F\x98\x80 é 差"));
  CHECK(points.contains(U'差'));
}

TEST_CASE("code points: a report's texts count wherever they stand", "[app][gui]") {
  Report report;
  report.add_value("v", 1, "单", {"v", "值"});
  report.tables.push_back({"t", {"t", "表"}, {{"c", "列", {"c", "栏"}}}, {{Text{"x", "格"}}}});
  Chart chart;
  chart.title = {"t", "图"};
  chart.series.push_back({"s", {"s", "线"}, {}, {}, {{"p", "点"}}, false});
  chart.lines.push_back({true, 0, {"l", "界"}});
  report.charts.push_back(chart);
  report.checks.push_back(make_check("c", {"c", "核"}, 1, 1, 0, {"s", "源"}));
  report.documents.push_back({"d", "log", "文"});
  report.notes.push_back({"n", "注"});
  CodePoints points;
  CHECK(points.add(report));
  for (const char32_t code : U"单值表列栏格图线点界核源文注") {
    if (code != 0) CHECK(points.contains(code));
  }
}

TEST_CASE("strings: every phrase speaks both languages", "[app][gui]") {
  for (const Text& phrase : all_phrases()) {
    CHECK_FALSE(phrase.en.empty());
    CHECK_FALSE(phrase.zh.empty());
  }
}
