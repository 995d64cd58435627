// The tensor lessons on tensors that people bring: files, typed numbers, and what cannot be read.
#include "tests/lessons/tensor_lesson.hpp"
#include "tests/support/temporary_folder.hpp"
#include "tests/support/tensor_files.hpp"

namespace {

using namespace qlab;
using namespace qlab::tests;

const std::vector<lessons::Lesson>& tensor_lessons() {
  static const std::vector<lessons::Lesson> loaded{built_in_lesson("02-linear-int4"), built_in_lesson("03-nf4"),
                                                   built_in_lesson("04-blockwise"), built_in_lesson("05-double-quant")};
  return loaded;
}

std::vector<float> ramp(std::size_t count) {
  std::vector<float> values(count);
  for (std::size_t i = 0; i < count; ++i) values[i] = static_cast<float>(i % 64) / 63.0F - 0.5F;
  return values;
}

TEST_CASE("tensor lessons read a tensor of a file", "[lessons][quant]") {
  const test::TemporaryFolder folder;
  const auto values = ramp(130);
  test::write_safetensors(folder / "two.safetensors", {test::tensor_of("a", Dtype::f32, {130}, values),
                                                       test::tensor_of("b", Dtype::f32, {1}, std::vector<float>{1})});
  const std::string file = (folder / "two.safetensors").string();
  // 130 values: blocks of 64, 64 and 2. Half a byte a value, four bytes a block.
  const Report report = run_lesson(tensor_lessons()[1], "default", {{"tensor", file + "#a"}, {"index", "129"}});
  CHECK(number(report, "bits_nf4") == Approx(8.0 * (65 + 3 * 4) / 130));
  CHECK(cell(report, "decision_path", 1, "number") == static_cast<double>(values[129]));
  CHECK(check_of(report, "path_is_the_kernels").passed);
  for (const lessons::Lesson& lesson : tensor_lessons()) {
    CAPTURE(lesson.id);
    CHECK(run_lesson(lesson, "default", {{"tensor", file + "#a"}}).all_checks_passed());
    const auto unnamed = try_run(lesson, "default", {{"tensor", file}});
    REQUIRE_FALSE(unnamed);
    CHECK(unnamed.error().hint.find("a, b") != std::string::npos);
  }
}

TEST_CASE("tensor lessons look at a sample of a large tensor, and say so", "[lessons][quant]") {
  const test::TemporaryFolder folder;
  const std::size_t size = 400000;
  test::write_safetensors(folder / "large.safetensors", {test::tensor_of("w", Dtype::f32, {400000}, ramp(size))});
  for (const lessons::Lesson& lesson : tensor_lessons()) {
    CAPTURE(lesson.id);
    const Report report = run_lesson(lesson, "default", {{"tensor", (folder / "large.safetensors").string()}});
    REQUIRE_FALSE(report.notes.empty());
    CHECK(report.notes[0].en == "w F32 [400000], a sample of 262144 of 400000 values");
    CHECK(report.all_checks_passed());
  }
}

TEST_CASE("tensor lessons pass their checks on any small tensor", "[lessons][quant][property]") {
  const char* tensor = GENERATE("0", "0 0 0", "1", "-2", "1 -1", "0.5 0.5 0.5", "1e-40 -3e-41", "100 1e-3 -7");
  CAPTURE(tensor);
  for (const lessons::Lesson& lesson : tensor_lessons()) {
    const Report report = run_lesson(lesson, "default", {{"tensor", tensor}});
    CHECK(report.complete);
    for (const Check& check : report.checks) {
      CAPTURE(lesson.id, check.name, check.value, check.expected);
      CHECK(check.passed);
    }
  }
}

TEST_CASE("tensor lessons hand on what cannot be read", "[lessons][quant]") {
  for (const lessons::Lesson& lesson : tensor_lessons()) {
    CAPTURE(lesson.id);
    const auto missing = try_run(lesson, "default", {{"tensor", "no/such.safetensors"}});
    REQUIRE_FALSE(missing);
    CHECK(missing.error().code == Errc::not_found);
    const auto word = try_run(lesson, "default", {{"tensor", "0.5 half"}});
    REQUIRE_FALSE(word);
    CHECK(word.error().code == Errc::bad_argument);
  }
}

TEST_CASE("tensor lessons tell how far they are, up to the end", "[lessons][quant]") {
  for (const lessons::Lesson& lesson : tensor_lessons()) {
    CAPTURE(lesson.id);
    std::vector<double> progress;
    const auto backend = make_cpu_backend(1);
    const Context context{*backend,
                          std::filesystem::path(QLAB_SOURCE_ROOT) / "assets",
                          {},
                          [&](double fraction) { progress.push_back(fraction); },
                          {}};
    REQUIRE(lessons::run(lesson, "default", Parameters(lesson.parameters), context));
    REQUIRE(progress.size() > 3);
    CHECK(std::is_sorted(progress.begin(), progress.end()));
    CHECK(progress.back() == Approx(1));
  }
}

}  // namespace
