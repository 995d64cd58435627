// The lesson finetune: what its methods promise, that it grows and can be stopped, and that memory is measured.
#include "tests/lessons/run_lesson.hpp"

namespace {

using namespace qlab;
using namespace qlab::tests;

const lessons::Lesson& lesson() {
  static const lessons::Lesson loaded = built_in_lesson("10-finetune");
  return loaded;
}

const Overrides quick = {{"steps", "6"}, {"seeds", "1"}};

Overrides with(Overrides more) {
  more.insert(more.end(), quick.begin(), quick.end());
  return more;
}

TEST_CASE("finetune: the default comparison keeps what it promises", "[lessons][training]") {
  const Report report = run_lesson(lesson());
  CHECK(report.complete);
  CHECK(report.all_checks_passed());
  for (const char* method : {"full", "lora", "qlora"}) {
    CHECK(number(report, std::string("loss_") + method) < number(report, "loss_before") / 3);
  }
  CHECK(number(report, "trainable_lora") == number(report, "trainable_qlora"));
  CHECK(number(report, "peak_mb_qlora") < number(report, "peak_mb_lora"));
  CHECK(number(report, "peak_mb_lora") < number(report, "peak_mb_full"));
  CHECK(number(report, "linear_mb_packed") < number(report, "linear_mb_dense") / 7);
  REQUIRE(report.find_table("methods") != nullptr);
  CHECK(report.find_table("methods")->rows.size() == 3);
}

TEST_CASE("finetune: checkpointing changes no loss and lowers the peak", "[lessons][training]") {
  const Report plain = run_lesson(lesson(), "default", with({{"full", "false"}}));
  const Report frugal = run_lesson(lesson(), "default", with({{"full", "false"}, {"checkpointing", "true"}}));
  CHECK(number(plain, "loss_qlora") == number(frugal, "loss_qlora"));
  CHECK(number(frugal, "peak_mb_qlora") < number(plain, "peak_mb_qlora"));
  CHECK(plain.find_chart("loss_curves")->series[0].y == frugal.find_chart("loss_curves")->series[0].y);
}

TEST_CASE("finetune: the report grows while it runs, and a stop keeps what is there", "[lessons][training]") {
  auto parameters = lessons::parameters_of(lesson(), "default");
  REQUIRE(parameters);
  for (const auto& [name, typed] : with({{"lora", "false"}, {"qlora", "false"}})) REQUIRE(parameters->set(name, typed));
  const auto backend = make_cpu_backend(1);
  std::stop_source stop;
  std::size_t points = 0;
  const Context context{
      *backend, std::filesystem::path(QLAB_SOURCE_ROOT) / "assets", stop.get_token(), {}, [&](const Report& so_far) {
        CHECK(!so_far.complete);
        const Chart* chart = so_far.find_chart("loss_curves");
        REQUIRE(chart != nullptr);
        if (chart->series.empty()) return;
        points = chart->series[0].y.size();
        stop.request_stop();
      }};
  const auto run = lessons::run(lesson(), "default", *std::move(parameters), context);
  REQUIRE(run);
  CHECK(points == 1);
  CHECK(!run->report.complete);
  CHECK(run->report.find_chart("loss_curves")->series[0].y.size() == 1);
  CHECK(run->report.find_value("loss_full") == nullptr);
}

TEST_CASE("finetune: without a method there is nothing to do", "[lessons][training]") {
  const auto run = try_run(lesson(), "default", {{"full", "false"}, {"lora", "false"}, {"qlora", "false"}});
  REQUIRE(!run);
  CHECK_THAT(run.error().message(), ContainsSubstring("no method is chosen"));
}

}  // namespace
