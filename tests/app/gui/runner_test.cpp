#include "app/gui/runner.hpp"

#include <atomic>
#include <future>
#include <latch>

#include "tests/support/catch.hpp"

using namespace qlab;
using namespace qlab::gui;
using namespace std::chrono_literals;

namespace {

constexpr auto long_enough = 20s;  // a test that waits this long has failed

lessons::LessonRun run_of(double value, bool complete = true) {
  lessons::LessonRun run{nullptr, "default", Parameters({}), {}};
  run.report.complete = complete;
  run.report.add_value("value", value, "", {});
  return run;
}

Job quick(double value) {
  return [value](const JobContext&) -> Result<lessons::LessonRun> { return run_of(value); };
}

/// Runs until it is stopped and returns what it has; tells when it has begun.
Job endless(std::latch& begun, double value) {
  return [&begun, value](const JobContext& context) -> Result<lessons::LessonRun> {
    begun.count_down();
    while (!context.stop.stop_requested()) std::this_thread::yield();
    return run_of(value, false);
  };
}

double value_of(const Runner::News& news) {
  REQUIRE(news.outcome);
  REQUIRE(*news.outcome);
  return (*news.outcome)->report.values.at(0).number;
}

}  // namespace

TEST_CASE("runner: a request is computed, told once, and the window is woken", "[app][gui]") {
  std::atomic<int> woken = 0;
  Runner runner([&] { ++woken; });
  runner.request(3, quick(42));
  const Runner::News news = runner.poll(long_enough);
  CHECK(value_of(news) == 42);
  CHECK(news.topic == 3);
  CHECK_FALSE(runner.poll().outcome);
  CHECK_FALSE(runner.poll().busy);
  while (woken == 0) std::this_thread::yield();
}

TEST_CASE("runner: a request for something else stops what runs and drops it", "[app][gui]") {
  Runner runner([] {});
  std::latch begun(1);
  runner.request(0, endless(begun, 1));
  begun.wait();
  runner.request(1, quick(2));
  const Runner::News news = runner.poll(long_enough);
  CHECK(value_of(news) == 2);
  CHECK(news.topic == 1);
  CHECK_FALSE(runner.poll().busy);
}

TEST_CASE("runner: of many requests the newest is computed, those between never begin", "[app][gui]") {
  Runner runner([] {});
  std::latch begun(1);
  std::latch allowed(1);
  std::atomic<int> between = 0;
  runner.request(0, [&](const JobContext&) -> Result<lessons::LessonRun> {
    begun.count_down();
    allowed.wait();
    return run_of(1);
  });
  begun.wait();
  for (int i = 0; i < 10; ++i) {
    runner.request(0, [&](const JobContext&) -> Result<lessons::LessonRun> {
      ++between;
      return run_of(2);
    });
  }
  runner.request(0, quick(3));
  CHECK(runner.poll().busy);
  allowed.count_down();
  Runner::News news = runner.poll(long_enough);
  if (value_of(news) == 1) news = runner.poll(long_enough);  // the first one finished within the runner's patience
  CHECK(value_of(news) == 3);
  CHECK(between == 0);
}

TEST_CASE("runner: patience ends: what runs too long is stopped for a newer request", "[app][gui]") {
  Runner runner([] {});
  std::latch begun(1);
  runner.request(0, endless(begun, 1));
  begun.wait();
  runner.request(0, quick(2));
  const auto start = Runner::Clock::now();
  while (Runner::Clock::now() - start < long_enough) {
    const Runner::News news = runner.poll(1ms);
    if (!news.outcome) continue;
    CHECK(value_of(news) == 2);
    return;
  }
  FAIL("the second request was never computed");
}

TEST_CASE("runner: cancel keeps what there is, marked incomplete", "[app][gui]") {
  Runner runner([] {});
  std::latch begun(1);
  runner.request(0, endless(begun, 7));
  begun.wait();
  runner.cancel();
  const Runner::News news = runner.poll(long_enough);
  CHECK(value_of(news) == 7);
  CHECK_FALSE((*news.outcome)->report.complete);
  CHECK_FALSE(runner.poll().busy);
}

TEST_CASE("runner: progress and growing runs are told while it computes", "[app][gui]") {
  Runner runner([] {});
  std::latch told(1);
  std::latch allowed(1);
  runner.request(0, [&](const JobContext& context) -> Result<lessons::LessonRun> {
    context.progress(0.5);
    context.grow(run_of(1, false));
    told.count_down();
    allowed.wait();
    return run_of(2);
  });
  told.wait();
  const Runner::News middle = runner.poll();
  CHECK(middle.progress == 0.5);
  CHECK(middle.busy);
  REQUIRE(middle.growing);
  CHECK(middle.growing->report.values.at(0).number == 1);
  allowed.count_down();
  CHECK(value_of(runner.poll(long_enough)) == 2);
}

TEST_CASE("runner: an exception in an experiment is an error, not the end", "[app][gui]") {
  Runner runner([] {});
  runner.request(0, [](const JobContext&) -> Result<lessons::LessonRun> { throw std::bad_alloc(); });
  const Runner::News news = runner.poll(long_enough);
  REQUIRE(news.outcome);
  REQUIRE_FALSE(*news.outcome);
  CHECK(news.outcome->error().code == Errc::unsupported);
  runner.request(0, quick(1));
  CHECK(value_of(runner.poll(long_enough)) == 1);
}

TEST_CASE("runner: going away stops what runs", "[app][gui]") {
  std::latch begun(1);
  auto runner = std::make_unique<Runner>([] {});
  runner->request(0, endless(begun, 1));
  begun.wait();
  auto gone = std::async(std::launch::async, [&] { runner.reset(); });
  CHECK(gone.wait_for(long_enough) == std::future_status::ready);
}
