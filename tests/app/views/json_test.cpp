#include "app/views/json.hpp"

#include <nlohmann/json.hpp>

#include "tests/app/views/sample_report.hpp"
#include "tests/support/catch.hpp"

namespace {

using namespace qlab;
using namespace qlab::test;
using nlohmann::json;

json parsed(const std::string& text) {
  CHECK(text.ends_with("}\n"));
  return json::parse(text);
}

TEST_CASE("a run in JSON has the keys that courses rely on", "[app][views][json]") {
  const SampleRun sample;
  const json document = parsed(views::json(sample.run, Language::en));
  CHECK(document["format_version"] == 1);
  CHECK(document["lesson"] == "small");
  CHECK(document["scenario"] == "default");
  CHECK(document["device"] == "cpu");
  CHECK(document["complete"] == true);
  CHECK(document["command_line"] == "qloralab run small");
  CHECK(document["parameters"] ==
        json({{"block_size", 64}, {"sigma", 1}, {"constants", "fp32"}, {"sorted", false}, {"source", "normal"}}));
  CHECK(document["values"]["mse"] == json({{"value", 0.00845213}, {"unit", ""}, {"label", "Error"}}));
  CHECK(document["values"]["sqnr_db"]["value"].is_null());
  CHECK(document["values"]["parameter_count"]["value"].is_number_integer());
  const json& table = document["tables"][0];
  CHECK(table["name"] == "types");
  CHECK(table["columns"][1] == json({{"name", "bits"}, {"unit", "bits"}, {"label", "Bits"}}));
  CHECK(table["rows"] == json::parse(R"([["nf4, \"new\"", 4.5], ["none", null]])"));
  const json& chart = document["charts"][0];
  CHECK((chart["name"] == "error" && chart["kind"] == "line" && chart["title"] == "Error by block"));
  CHECK((chart["x"]["label"] == "Block" && chart["x"]["unit"] == "values" && chart["x"]["logarithmic"] == true));
  CHECK((chart["series"][0]["name"] == "nf4" && chart["series"][0]["x"] == json({16, 32})));
  CHECK(chart["series"][0]["y"] == json({0.5, nullptr}));
  CHECK(chart["lines"][0] == json({{"axis", "x"}, {"at", 64}, {"label", "here"}}));
  const json& check = document["checks"][1];
  CHECK(
      (check["name"] == "saved" && check["value"] == 3.02 && check["expected"] == 3.02 && check["tolerance"] == 0.01));
  CHECK((check["passed"] == true && check["claim"] == 0.4 && check["claim_holds"] == false));
  CHECK(check["source"] == "a task");
  CHECK_FALSE(document["checks"][0].contains("claim"));
  CHECK((document["checks"][2]["relation"] == "at_least" && document["checks"][2]["passed"] == false));
  CHECK(document["documents"][0] == json({{"name", "lines"}, {"type", "log"}, {"text", "[INFO] one\n[INFO] two"}}));
  CHECK(document["notes"] == json::array({"A sample of the file."}));
}

/// Every key of a document, with the values of the keys that name things.
void collect_names(const json& node, std::vector<std::string>& names) {
  if (node.is_object()) {
    for (const auto& [key, value] : node.items()) {
      names.push_back(key);
      if (key == "name" || key == "kind" || key == "unit") names.push_back(value.dump());
      collect_names(value, names);
    }
  } else if (node.is_array()) {
    for (const json& item : node) collect_names(item, names);
  }
}

TEST_CASE("names are the same in every language, titles are not", "[app][views][json]") {
  const SampleRun sample;
  const json en = parsed(views::json(sample.run, Language::en));
  const json zh = parsed(views::json(sample.run, Language::zh));
  std::vector<std::string> names_en;
  std::vector<std::string> names_zh;
  collect_names(en, names_en);
  collect_names(zh, names_zh);
  CHECK(names_en == names_zh);
  CHECK(zh["charts"][0]["title"] == "各块的误差");
  CHECK(zh["tables"][0]["rows"][0][0] == "四位");
}

TEST_CASE("a heat map in JSON is a grid of rows", "[app][views][json]") {
  SampleRun sample;
  Chart chart;
  chart.name = "map";
  chart.kind = ChartKind::heat_map;
  chart.grid = {{1, 2, 3}, {10, 20}, {1, 2, 3, 4, 5, 6.5}};
  chart.z.unit = "GiB";
  sample.run.report.charts = {chart};
  const json document = parsed(views::json(sample.run, Language::en));
  const json& map = document["charts"][0];
  CHECK(map["grid"] == json({{"x", {1, 2, 3}}, {"y", {10, 20}}, {"z", {{1, 2, 3}, {4, 5, 6.5}}}}));
  CHECK(map["z"]["unit"] == "GiB");
  CHECK_FALSE(map.contains("series"));
}

TEST_CASE("names of bytes that are no text still make valid JSON", "[app][views][json]") {
  SampleRun sample;
  sample.lesson.id = "a\"b\n\xff";
  const json document = parsed(views::json(sample.run, Language::en));
  CHECK(document["lesson"] == "a\"b\n\xef\xbf\xbd");
}

TEST_CASE("numbers in JSON read back as the same double", "[app][views][json][property]") {
  SampleRun sample;
  const double number = GENERATE(0.1, 1.0 / 3, 1e300, 5e-324, -2.5, 9007199254740993.0, 1e22, -0.0, 64.0);
  sample.run.report.values = {{"x", number, "", {}}};
  const json document = parsed(views::json(sample.run, Language::en));
  CHECK(document["values"]["x"]["value"].get<double>() == number);
}

TEST_CASE("the list of lessons in JSON says what can be set", "[app][views][json]") {
  const SampleRun sample;
  const json document = parsed(views::json(std::span(&sample.lesson, 1), Language::zh));
  const json& lesson = document["lessons"][0];
  CHECK((lesson["id"] == "small" && lesson["title"] == "小" && lesson["experiment"] == "small"));
  const json& block = lesson["parameters"][0];
  CHECK((block["name"] == "block_size" && block["symbol"] == "block" && block["kind"] == "integer"));
  CHECK((block["minimum"] == 16 && block["maximum"] == 4096 && block["step"] == 16 && block["default"] == 64));
  CHECK(lesson["parameters"][2]["choices"][1]["id"] == "fp16");
  CHECK(lesson["scenarios"][1] == json({{"name", "wide"}, {"title", "更宽"}}));
}

TEST_CASE("the outcome of check in JSON is a run an item, or its error", "[app][views][json]") {
  const SampleRun sample;
  const std::vector<views::JudgedScenario> judged{
      {"small", "default", 0.25, sample.run},
      {"small", "broken", 0, Error{Errc::bad_argument, "value 3 is NaN", "weights.npy", ""}}};
  const json document = parsed(views::json(judged, Language::en));
  CHECK((document["format_version"] == 1 && document["passed"] == false));
  CHECK((document["items"][0]["lesson"] == "small" && document["items"][0]["values"].contains("mse")));
  CHECK(document["items"][0]["passed"] == false);
  CHECK(document["items"][1]["error"] == "value 3 is NaN (weights.npy)");
}

}  // namespace
