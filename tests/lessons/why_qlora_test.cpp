#include <cmath>

#include "tests/lessons/tensor_lesson.hpp"

namespace {

using namespace qlab;
using namespace qlab::tests;

const lessons::Lesson& lesson() {
  static const lessons::Lesson loaded = built_in_lesson("01-why-qlora");
  return loaded;
}

TEST_CASE("why-qlora: every scenario keeps what it promises", "[lessons][memory]") { keeps_its_promises(lesson()); }

TEST_CASE("why-qlora: the practice task's table is its own rule for the chosen model", "[lessons][memory][golden]") {
  const Report report = run_lesson(lesson());
  CHECK(cell(report, "printed", 0, "printed") == 66);
  CHECK(cell(report, "printed", 0, "formula") == 66);
  CHECK(cell(report, "printed", 1, "printed") == 14.2);
  CHECK(cell(report, "printed", 1, "formula") == Approx(14.12));
  CHECK(cell(report, "printed", 2, "printed") == 3.7);
  CHECK(cell(report, "printed", 2, "formula") == Approx(3.62));
  const Report larger = run_lesson(lesson(), "default", {{"model", "llama-13b"}});
  CHECK(number(larger, "printed_full_gb") == Approx(26 + 52 + 26 + 10));
  CHECK(std::holds_alternative<std::monostate>(larger.find_table("printed")->rows[0][1]));  // 13B is not in print
}

TEST_CASE("why-qlora: the model of 65B and the measured runs have their printed figures", "[lessons][memory][golden]") {
  const Report principle = run_lesson(lesson(), "principle_65b");
  const double printed[] = {130, 260, 65, 30, 40, 50};
  REQUIRE(principle.find_table("printed")->rows.size() == 3 + 6);
  for (std::size_t i = 0; i < 6; ++i) CHECK(cell(principle, "printed", 3 + i, "printed") == printed[i]);
  CHECK(cell(principle, "printed", 3, "formula") == 130);
  CHECK(cell(principle, "printed", 4, "formula") == 260);
  const Report runs = run_lesson(lesson(), "loading_and_runs_7b");
  const double measured[] = {14.5, 3.8, 21.33, 14.18};
  REQUIRE(runs.find_table("printed")->rows.size() == 3 + 4);
  for (std::size_t i = 0; i < 4; ++i) CHECK(cell(runs, "printed", 3 + i, "printed") == measured[i]);
}

TEST_CASE("why-qlora: parts add up, and the three levels are those of the values", "[lessons][memory]") {
  const Report report = run_lesson(lesson(), "default", {{"r", "64"}, {"T", "2048"}, {"B", "2"}});
  for (const char* method : {"full", "lora", "qlora"}) {
    CAPTURE(method);
    double sum = 0;
    const std::size_t parts = report.find_table("parts")->rows.size() - 1;
    for (std::size_t i = 0; i < parts; ++i) sum += cell(report, "parts", i, method);
    CHECK(sum == Approx(cell(report, "parts", parts, method)));
    CHECK(sum == Approx(number(report, std::string("ledger_") + method + "_gb")));
  }
  const Chart* levels = report.find_chart("levels");
  REQUIRE(levels != nullptr);
  CHECK(levels->series[1].y[2] == number(report, "ledger_qlora_gb"));
  CHECK(levels->series[2].y[0] == number(report, "simulated_full_gb"));
  CHECK(number(report, "trainable_parameters") == 4 * 16'777'216);
}

TEST_CASE("why-qlora: full fine-tuning takes 8, 12 or 16 bytes a parameter", "[lessons][memory]") {
  const Report report = run_lesson(lesson());
  const Chart* chart = report.find_chart("bytes_per_parameter");
  REQUIRE(chart != nullptr);
  const double expected[] = {8, 12, 16, number(report, "lora_bytes"), number(report, "qlora_bytes")};
  for (std::size_t bar = 0; bar < 5; ++bar) {
    double sum = 0;
    for (const Series& part : chart->series) sum += part.y[bar];
    CHECK(sum == Approx(expected[bar]));
  }
}

TEST_CASE("why-qlora: the printed claims stay whatever is chosen, and are judged as the truth says",
          "[lessons][memory][golden]") {
  const Report one = run_lesson(lesson());
  const Report other = run_lesson(lesson(), "default", {{"model", "llama-33b"}, {"T", "256"}});
  std::size_t claims = 0;
  for (const Check& check : one.checks) {
    if (!check.claim) continue;
    ++claims;
    CHECK(check_of(other, check.name).value == check.value);
  }
  CHECK(claims == 18);
  for (const char* name :
       {"weights_65b_fp16", "weights_65b_fp32", "full_7b_fp16_states", "lora_7b", "loaded_7b_4bit"}) {
    CAPTURE(name);
    CHECK(check_of(one, name).claim_holds);
  }
  for (const char* name : {"four_bit_is_a_quarter", "over_100b_on_one_card", "training_65b_fp16", "lora_65b",
                           "qlora_65b", "qlora_65b_on_24", "int8_65b", "full_7b_fp32_states", "qlora_7b", "adapters_7b",
                           "adapter_states_7b", "loaded_7b_fp16", "loaded_7b_saving"}) {
    CAPTURE(name);
    CHECK_FALSE(check_of(one, name).claim_holds);
  }
}

TEST_CASE("why-qlora: missing model shapes are an error that names the file", "[lessons][memory]") {
  const auto run = try_run(lesson(), "default", {}, "/nowhere");
  REQUIRE_FALSE(run);
  CHECK(run.error().code == Errc::not_found);
  CHECK(run.error().where == "/nowhere/assets/models/llama-7b.json");
}

TEST_CASE("why-qlora: every model on offer is there", "[lessons][memory]") {
  const auto spec = std::find_if(lesson().parameters.begin(), lesson().parameters.end(),
                                 [](const ParameterSpec& one) { return one.name == "model"; });
  REQUIRE(spec != lesson().parameters.end());
  for (const Choice& model : spec->choices) {
    CAPTURE(model.id);
    const Report report = run_lesson(lesson(), "default", {{"model", model.id}, {"T", "128"}});
    for (const Value& value : report.values) CHECK((std::isfinite(value.number) && value.number > 0));
  }
}

}  // namespace
