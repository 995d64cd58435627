#include "lessons/engine/run.hpp"

#include <atomic>
#include <cmath>
#include <limits>
#include <thread>

#include "tests/lessons/engine/small_lesson.hpp"
#include "tests/support/catch.hpp"

namespace {

using namespace qlab;
using namespace qlab::test;
using lessons::Lesson;

const Check* find_check(const Report& report, std::string_view name) {
  for (const Check& check : report.checks) {
    if (check.name == name) return &check;
  }
  return nullptr;
}

struct Fixture {
  TemporaryFolder folder;
  Lesson lesson;
  std::unique_ptr<Backend> backend = make_cpu_backend(1);
  Context context{*backend, {}, {}, {}, {}};

  Fixture() {
    auto loaded = load_small(folder / "02-small", small_lesson_toml);
    REQUIRE(loaded);
    lesson = *std::move(loaded);
  }
  Parameters parameters(std::string_view scenario) const {
    auto found = lessons::parameters_of(lesson, scenario);
    REQUIRE(found);
    return *std::move(found);
  }
};

TEST_CASE("a scenario's expectations become checks", "[lessons][engine]") {
  Fixture f;
  const auto run = lessons::run(f.lesson, "wide", f.parameters("wide"), f.context);
  REQUIRE(run);
  CHECK(run->report.device == "cpu");
  CHECK(run->report.all_checks_passed());
  REQUIRE(run->report.checks.size() == 3);
  const Check* least = find_check(run->report, "expect_product_at_least");
  REQUIRE(least);
  CHECK((least->relation == Relation::at_least && least->expected == 300 && least->value == 320));
  CHECK(find_check(run->report, "expect_product_at_most")->relation == Relation::at_most);
  CHECK(find_check(run->report, "expect_half")->tolerance == 0.5);
  CHECK(find_check(run->report, "expect_half")->source.zh == "一半");
}

TEST_CASE("a broken promise is a failed check", "[lessons][engine]") {
  Fixture f;
  f.lesson.scenarios[1].expectations[0].at_least = 321;
  f.lesson.scenarios[1].expectations[1].tolerance = 0;
  f.lesson.scenarios[1].expectations[1].equals = 160.5;
  const auto run = lessons::run(f.lesson, "wide", f.parameters("wide"), f.context);
  REQUIRE(run);
  CHECK_FALSE(run->report.all_checks_passed());
  CHECK_FALSE(find_check(run->report, "expect_product_at_least")->passed);
  CHECK(find_check(run->report, "expect_product_at_most")->passed);
  CHECK_FALSE(find_check(run->report, "expect_half")->passed);
}

TEST_CASE("NaN keeps no promise", "[lessons][engine]") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  CHECK_FALSE(make_bound_check("x", {}, nan, Relation::at_least, 0, {}).passed);
  CHECK_FALSE(make_bound_check("x", {}, nan, Relation::at_most, 0, {}).passed);
  CHECK_FALSE(make_check("x", {}, nan, nan, 1, {}).passed);
}

TEST_CASE("expectations are those of the scenario's own parameters only", "[lessons][engine]") {
  Fixture f;
  Parameters parameters = f.parameters("default");
  REQUIRE(parameters.set("sigma", "2"));
  const auto run = lessons::run(f.lesson, "default", parameters, f.context);
  REQUIRE(run);
  CHECK(run->report.checks.empty());
}

TEST_CASE("an expectation of a value that the report lacks says where and which there are", "[lessons][engine]") {
  Fixture f;
  f.lesson.scenarios[0].expectations[0].value = "produkt";
  const auto run = lessons::run(f.lesson, "default", f.parameters("default"), f.context);
  REQUIRE_FALSE(run);
  CHECK(run.error().message() == "expectation of an unknown value 'produkt' (" +
                                     (f.folder / "02-small/lesson.toml").string() +
                                     ":50): expected one of product, half");
}

TEST_CASE("an unknown scenario's error lists the scenarios", "[lessons][engine]") {
  Fixture f;
  const auto parameters = lessons::parameters_of(f.lesson, "wider");
  REQUIRE_FALSE(parameters);
  CHECK(parameters.error().message() == "no scenario 'wider' (small): use one of default, wide");
}

TEST_CASE("the command line makes the same run again and survives a shell", "[lessons][engine]") {
  Fixture f;
  const auto line = [&](const char* scenario, const char* name, const char* value) {
    Parameters parameters = f.parameters(scenario);
    REQUIRE(parameters.set(name, value));
    return lessons::LessonRun{&f.lesson, scenario, parameters, {}}.command_line();
  };
  CHECK(line("default", "sigma", "1") == "qloralab run small");
  CHECK(line("default", "sigma", "2.5") == "qloralab run small --set sigma=2.5");
  CHECK(line("wide", "sigma", "2.5") == "qloralab run small --scenario wide");
  CHECK(line("wide", "block", "64") == "qloralab run small --scenario wide --set block_size=64");
  CHECK(line("default", "source", "my file.npy") == "qloralab run small --set 'source=my file.npy'");
  CHECK(line("default", "source", "a'b $HOME.npy") == R"(qloralab run small --set 'source=a'\''b $HOME.npy')");
  CHECK(line("default", "source", "a\nb'\\.npy") == R"(qloralab run small --set $'source=a\012b\'\\.npy')");
  CHECK(line("default", "source", "权重.npy") == "qloralab run small --set 'source=权重.npy'");
  f.lesson.built_in = false;
  f.lesson.folder = "my lessons/-one";
  CHECK(line("default", "sigma", "1") == "qloralab run 'my lessons/-one'");
  f.lesson.folder = "-one";
  CHECK(line("default", "sigma", "1") == "qloralab run ./-one");
}

// A sweep that takes a hundred steps, tells each, and looks for the stop request between them.
std::atomic<int> steps_done{0};

Result<Report> sweep(const Parameters&, const Context& context) {
  Report report;
  Table table{"sweep", {}, {{"step", "", {}}}, {}};
  report.tables.push_back(table);
  for (steps_done = 0; steps_done < 100; ++steps_done) {
    if (context.stop.stop_requested()) {
      report.complete = false;
      return report;
    }
    report.tables[0].rows.push_back({static_cast<double>(steps_done)});
    context.tell_progress((steps_done + 1) / 100.0);
    context.tell(report);
  }
  report.add_value("product", 64, "", {});
  return report;
}

TEST_CASE("a sweep tells progress, grows, and stops when it is asked to", "[lessons][engine]") {
  Fixture f;
  f.lesson.compute = sweep;
  std::stop_source stop;
  std::vector<double> told;
  std::vector<std::size_t> grown;
  bool every_growing_report_is_incomplete = true;
  f.context.stop = stop.get_token();
  f.context.progress = [&](double fraction) { told.push_back(fraction); };
  f.context.grow = [&](const Report& so_far) {
    grown.push_back(so_far.tables[0].rows.size());
    every_growing_report_is_incomplete = every_growing_report_is_incomplete && !so_far.complete;
    if (grown.size() == 7) stop.request_stop();
  };
  const auto run = lessons::run(f.lesson, "default", f.parameters("default"), f.context);
  REQUIRE(run);
  CHECK_FALSE(run->report.complete);
  CHECK(run->report.tables[0].rows.size() == 7);
  CHECK(run->report.checks.empty());  // what is incomplete promises nothing
  CHECK(grown == std::vector<std::size_t>{1, 2, 3, 4, 5, 6, 7});
  CHECK(told.back() == Approx(0.07));
  CHECK(every_growing_report_is_incomplete);
}

TEST_CASE("a run on another thread is stopped from outside", "[lessons][engine]") {
  Fixture f;
  f.lesson.compute = [](const Parameters&, const Context& context) -> Result<Report> {
    while (!context.stop.stop_requested()) std::this_thread::yield();
    Report report;
    report.complete = false;
    return report;
  };
  std::atomic<bool> complete = true;
  {
    std::jthread worker([&](const std::stop_token& token) {
      f.context.stop = token;
      const auto run = lessons::run(f.lesson, "default", Parameters(f.lesson.parameters), f.context);
      complete = !run || run->report.complete;
    });
  }
  CHECK_FALSE(complete);
}

TEST_CASE("an experiment's error is the run's", "[lessons][engine]") {
  Fixture f;
  f.lesson.compute = [](const Parameters&, const Context&) -> Result<Report> {
    return Error{Errc::bad_argument, "value 3 is NaN", "weights.npy", ""};
  };
  const auto run = lessons::run(f.lesson, "default", f.parameters("default"), f.context);
  REQUIRE_FALSE(run);
  CHECK(run.error().message() == "value 3 is NaN (weights.npy)");
}

}  // namespace
