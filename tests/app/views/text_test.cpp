#include "app/views/text.hpp"

#include <algorithm>
#include <sstream>

#include "app/views/columns.hpp"
#include "tests/app/views/sample_report.hpp"
#include "tests/support/catch.hpp"

namespace {

using namespace qlab;
using namespace qlab::test;

TEST_CASE("a Report reads well on a terminal", "[app][views]") {
  const SampleRun sample;
  CHECK(views::text(sample.run, {Language::en, 80, false}) == R"(Small  small · default · cpu
One sentence.

Parameters
  block_size  64 values  Block size
  sigma       1          Spread
  constants   fp32       Constants
  sorted      false      Sorted
  source      normal     Tensor

Values
  mse                   0.008452              Error
  parameter_count  6,738,415,616  parameters  Parameters
  sqnr_db                      ∞  dB          Signal to noise

Types  types
  Type        Bits
              bits
  nf4, "new"   4.5
  none           –

Charts (--out DIR --export png,svg,pdf draws them)
  error  line  Error by block

Checks: 2 ok, 1 failed
  ok      Error of NF4: 0.00845213, expected 0.008452 ± 0.0001
          a library
  ok      Saved, GB: 3.02, expected 3.02 ± 0.01
          printed 0.4: does not hold
          a task
  FAILED  Speed: 0.5, expected ≥ 0.8
          the issue

Notes
  - A sample of the file.

$ qloralab run small
)");
}

TEST_CASE("the same Report in Chinese keeps its columns", "[app][views]") {
  const SampleRun sample;
  const std::string text = views::text(sample.run, {Language::zh, 80, false});
  CHECK_THAT(text, ContainsSubstring("参数\n  block_size  64 values  块大小\n"));
  CHECK_THAT(text, ContainsSubstring("  类型  位数\n        bits\n  四位   4.5\n  无       –\n"));
  CHECK_THAT(text, ContainsSubstring("检验：2 项通过，1 项失败\n"));
  CHECK_THAT(text, ContainsSubstring("          印刷值 0.4：不成立\n"));
}

TEST_CASE("a narrow terminal gets narrow lines", "[app][views]") {
  SampleRun sample;
  Table wide{"wide", {"Wide", "宽"}, {}, {{}}};
  for (int i = 0; i < 20; ++i) {
    wide.columns.push_back({"column_" + std::to_string(i), "", {}});
    wide.rows[0].emplace_back(i + 0.5);
  }
  sample.run.report.tables = {wide};
  sample.run.report.notes = {{std::string(30, 'a') + " " + std::string(30, 'b'), ""}};
  const std::string text = views::text(sample.run, {Language::en, 60, false});
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    CAPTURE(line);
    CHECK(views::display_width(line) <= 60);
  }
  for (int i = 0; i < 20; ++i) CHECK_THAT(text, ContainsSubstring("column_" + std::to_string(i)));
  CHECK_THAT(text, ContainsSubstring("19.5"));
}

TEST_CASE("a long table ends with how many rows are left", "[app][views]") {
  SampleRun sample;
  Table table{"long", {"Long", "长"}, {{"x", "", {}}}, {}};
  for (int i = 0; i < 100; ++i) table.rows.push_back({i + 0.5});
  sample.run.report.tables = {table};
  const std::string text = views::text(sample.run, {Language::en, 80, false});
  CHECK_THAT(text, ContainsSubstring("39.5\n  ... 60 more rows: --format csv\n"));
  CHECK_THAT(text, !ContainsSubstring("40.5"));
}

TEST_CASE("colours come only when they are asked for", "[app][views]") {
  const SampleRun sample;
  CHECK(views::text(sample.run, {Language::en, 80, false}).find('\x1b') == std::string::npos);
  const std::string colored = views::text(sample.run, {Language::en, 80, true});
  CHECK_THAT(colored, ContainsSubstring("\x1b[1;31m  FAILED  \x1b[0m"));
  CHECK_THAT(colored, ContainsSubstring("\x1b[1mSmall\x1b[0m"));
}

TEST_CASE("what a stopped run found says that it is incomplete", "[app][views]") {
  SampleRun sample;
  sample.run.report.complete = false;
  CHECK_THAT(views::text(sample.run, {}), ContainsSubstring("Incomplete: the run was stopped.\n"));
}

TEST_CASE("check says a line a scenario, with what failed under it", "[app][views]") {
  const SampleRun sample;
  const std::vector<views::JudgedScenario> judged{{"small", "default", 0.25, sample.run},
                                                  {"small", "broken", 0, Error{Errc::io, "no such file", "w.npy", ""}}};
  CHECK(views::text(judged[0], {}) == R"(FAILED  small / default  3 checks, 0.25 s
  FAILED  Speed: 0.5, expected ≥ 0.8
          the issue
)");
  CHECK(views::text(judged[1], {}) == "ERROR   small / broken  no such file (w.npy)\n");
  CHECK(views::summary(judged, {}) == "0 of 2 scenarios passed\n");
}

TEST_CASE("the list of lessons says what can be set, in which range", "[app][views]") {
  const SampleRun sample;
  CHECK(views::text(std::span(&sample.lesson, 1), {Language::en, 80, false}) == R"(small  Small
  One sentence.
    block_size, block  = 64 values  Block size  16 .. 4096
    sigma              = 1          Spread      0.5 .. 10
    constants          = fp32       Constants   fp32 | fp16
    sorted             = false      Sorted      true | false
    source             = normal     Tensor      tensor
)");
}

TEST_CASE("log lines are the documents of that type", "[app][views]") {
  Report report = sample_report();
  report.documents.push_back({"script", "python", "print()\n"});
  CHECK(views::log_lines(report) == "[INFO] one\n[INFO] two\n");
  report.documents.clear();
  CHECK(views::log_lines(report).empty());
}

}  // namespace
