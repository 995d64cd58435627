#include "core/memory/paging/paged_run.hpp"

#include <algorithm>
#include <limits>
#include <random>
#include <vector>

#include "tests/support/catch.hpp"

namespace {

using namespace qlab;
using namespace qlab::paging;

/// Pages of 100 bytes that take a second each, no latency.
Settings small_settings(std::int64_t card_bytes, std::vector<std::int64_t> tensors) {
  Settings settings;
  settings.card_bytes = card_bytes;
  settings.page_bytes = 100;
  settings.tensors = std::move(tensors);
  settings.bandwidth_GBps = 1e-7;
  settings.latency_us = 0;
  settings.prefetch = false;
  settings.map_rows = 2;
  return settings;
}

/// Three seconds of work with a spike in the middle one, then an update of four.
StepWork spike(std::int64_t around, std::int64_t top) { return {{{0, around}, {1, top}, {2, around}}, 3, 4}; }

PagedRun played(const Settings& settings, const std::vector<StepWork>& steps) {
  auto run = play(settings, steps);
  if (!run) FAIL(run.error().message());
  return *std::move(run);
}

TEST_CASE("a spike evicts the oldest pages and the update brings them back", "[core][memory][golden]") {
  const PagedRun run = played(small_settings(1000, {400}), {spike(500, 750)});
  CHECK(run.pages == 4);
  CHECK(run.first_resident == 4);
  CHECK(run.last_resident == 4);
  REQUIRE(run.steps.size() == 1);
  const StepFigures& step = run.steps[0];
  CHECK(step.pages_out == 2);  // 250 bytes left: two pages stay
  CHECK(step.pages_in == 2);
  CHECK(step.faults == 2);
  CHECK(step.waited_out == Approx(2));
  CHECK(step.waited_in == Approx(2));
  CHECK(step.work_seconds == 7);
  CHECK(step.end == Approx(3 + 4 + 2 + 2));
  // In the spike pages 0 and 1, the first row of the map, are in host memory.
  const auto low = std::find_if(run.moments.begin(), run.moments.end(),
                                [](const Moment& moment) { return moment.resident_pages == 2; });
  REQUIRE(low != run.moments.end());
  const auto at = static_cast<std::size_t>(low - run.moments.begin()) * 2;
  CHECK(run.map[at] == 0);
  CHECK(run.map[at + 1] == 2);
  CHECK(low->seconds == Approx(3));  // asked at 1, given after two transfers
  CHECK(low->pages_out == 2);
  CHECK_FALSE(run.shortage);
  REQUIRE(run.shortage_unpaged);
  CHECK(run.shortage_unpaged->missing_bytes == 150);
  CHECK(run.shortage_unpaged->seconds == 1);
}

TEST_CASE("where all fits nothing moves and nothing waits", "[core][memory]") {
  const PagedRun run = played(small_settings(1150, {400}), {spike(500, 750), spike(500, 750)});
  CHECK(run.total().pages_in == 0);
  CHECK(run.total().pages_out == 0);
  CHECK(run.total().faults == 0);
  CHECK(run.total().end == 14);
  CHECK_FALSE(run.shortage_unpaged);
}

TEST_CASE("one page too few, and every page of every update moves both ways", "[core][memory][golden]") {
  const PagedRun run = played(small_settings(1000, {400}), {{{{0, 700}}, 1, 4}, {{{0, 700}}, 1, 4}});
  CHECK(run.first_resident == 3);
  for (const StepFigures& step : run.steps) {  // the least recently used page is always the next one needed
    CHECK(step.pages_in == 4);
    CHECK(step.pages_out == 4);
    CHECK(step.faults == 4);
  }
  CHECK(run.total().end == Approx(2 * (5 + 8)));
}

TEST_CASE("prefetching asks once for a tensor, faults ask for each page", "[core][memory][golden]") {
  Settings settings = small_settings(1000, {200, 200});
  settings.latency_us = 0.5e6;
  const auto steps = {spike(500, 850)};  // one page stays
  const PagedRun faulting = played(settings, steps);
  settings.prefetch = true;
  const PagedRun prefetching = played(settings, steps);
  CHECK(faulting.steps[0].faults == 3);
  CHECK(prefetching.steps[0].faults == 2);
  CHECK(faulting.steps[0].waited_in == Approx(3 * (1 + 0.5)));
  CHECK(prefetching.steps[0].waited_in == Approx(3 * 1 + 2 * 0.5));
  CHECK(faulting.steps[0].waited_out == Approx(3 * 1 + 0.5));
  CHECK(prefetching.steps[0].pages_in == 3);
}

TEST_CASE("a tensor larger than the room left is prefetched in parts that fit", "[core][memory]") {
  Settings settings = small_settings(1000, {600});
  settings.prefetch = true;
  const PagedRun run = played(settings, {{{{0, 600}}, 1, 6}});  // room for four of six pages
  CHECK(run.steps[0].pages_in == 4);  // pages 2 and 3 of the first part are there; 4 and 5 go for 0 and 1
  CHECK(run.steps[0].pages_out == 4);
  CHECK(run.steps[0].faults == 2);
}

TEST_CASE("memory that is kept after a spike leaves the pages no room to return to", "[core][memory][golden]") {
  Settings settings = small_settings(1000, {400});
  settings.keeps_memory = true;
  const PagedRun run = played(settings, {spike(500, 750), spike(500, 500)});
  CHECK(run.last_resident == 2);
  CHECK(run.steps[0].pages_out == 2 + 4);  // for the spike, and one for each page of the update
  CHECK(run.steps[0].pages_in == 4);
  CHECK(run.steps[1].pages_out == 4);
  CHECK(run.steps[1].pages_in == 4);
}

TEST_CASE("paging ends where the rest alone does not fit, or leaves no room for a page", "[core][memory]") {
  const PagedRun full = played(small_settings(1000, {400}), {spike(500, 1001), spike(500, 500)});
  REQUIRE(full.shortage);
  CHECK(full.shortage->step == 0);
  CHECK(full.shortage->missing_bytes == 1);
  CHECK(full.shortage->seconds == 1);
  CHECK(full.steps.empty());
  const PagedRun crowded = played(small_settings(1000, {400}), {{{{0, 950}}, 1, 4}});
  REQUIRE(crowded.shortage);
  CHECK(crowded.shortage->missing_bytes == 50);
  CHECK(crowded.shortage->seconds == 1);
}

TEST_CASE("a run without state only works", "[core][memory]") {
  const PagedRun run = played(small_settings(1000, {}), {spike(500, 1000)});
  CHECK(run.pages == 0);
  CHECK(run.total().end == 7);
  CHECK_FALSE(run.shortage);
  CHECK_FALSE(run.shortage_unpaged);
}

/// The same rules played page by page on plain lists, to compare with.
struct PlainRun {
  std::vector<std::int64_t> on_card;  ///< oldest first
  std::int64_t in = 0, out = 0;
  bool fits = true;

  void limit(std::int64_t pages) {
    while (static_cast<std::int64_t>(on_card.size()) > pages) on_card.erase(on_card.begin()), ++out;
  }
  void use(std::int64_t page, std::int64_t room) {
    const auto found = std::find(on_card.begin(), on_card.end(), page);
    if (found != on_card.end()) {
      on_card.erase(found);
    } else {
      limit(room - 1);
      ++in;
    }
    on_card.push_back(page);
  }
};

TEST_CASE("under any demand pages are in one place, fit, and what came in went out or stayed",
          "[core][memory][property]") {
  std::mt19937 random(7);
  const auto up_to = [&](std::int64_t most) { return std::uniform_int_distribution<std::int64_t>(0, most)(random); };
  for (int round = 0; round < 300; ++round) {
    Settings settings = small_settings(1000 + up_to(4000), {});
    for (std::int64_t left = 1 + up_to(5); left > 0; --left) settings.tensors.push_back(1 + up_to(900));
    settings.prefetch = up_to(1) == 1;
    settings.keeps_memory = up_to(1) == 1;
    settings.map_rows = static_cast<int>(1 + up_to(20));
    std::vector<StepWork> steps;
    for (int s = 0; s < 3; ++s) {
      StepWork step{{{0, up_to(1500)}}, 10, 5};
      for (int i = 1; i < 10; ++i) step.demand.push_back({static_cast<double>(i), up_to(settings.card_bytes - 50)});
      step.demand.push_back({10, up_to(1500)});
      steps.push_back(step);
    }
    const PagedRun run = played(settings, steps);
    CAPTURE(round, settings.card_bytes, run.pages);

    std::int64_t in = 0, out = 0;
    double waited = 0, before = 0;
    for (std::size_t i = 0; i < run.moments.size(); ++i) {
      const Moment& moment = run.moments[i];
      in += moment.pages_in, out += moment.pages_out;
      waited += moment.waited_in + moment.waited_out;
      CHECK(moment.seconds >= before);
      before = moment.seconds;
      std::int64_t mapped = 0;
      for (int row = 0; row < run.map_rows; ++row) {
        const std::int64_t here = run.map[i * static_cast<std::size_t>(run.map_rows) + static_cast<std::size_t>(row)];
        CHECK((here >= 0 && here <= map_row_pages(run, row)));
        mapped += here;
      }
      CHECK(mapped == moment.resident_pages);
      CHECK(run.first_resident + in - out == moment.resident_pages);
      // A moment that begins a wait has the new demand and still the old pages.
      const bool begins_wait = i + 1 < run.moments.size() && run.moments[i + 1].waited_out > 0;
      if (!run.shortage && !begins_wait) {
        CHECK(moment.demand_bytes + moment.resident_pages * settings.page_bytes <= settings.card_bytes);
      }
    }
    CHECK(run.first_resident + in - out == run.last_resident);
    CHECK(waited == Approx(static_cast<double>(in + out)));  // a second a page
    if (run.shortage || settings.prefetch) continue;
    CHECK(run.total().end == Approx(3 * 15.0 + waited));

    PlainRun plain;
    std::int64_t demand = steps[0].demand[0].bytes;
    const auto room = [&] { return (settings.card_bytes - demand) / settings.page_bytes; };
    for (std::int64_t page = 0; page < run.pages; ++page) plain.on_card.push_back(page);
    plain.limit(room());
    plain.out = 0;
    for (const StepWork& step : steps) {
      for (const DemandPoint& point : step.demand) {
        demand = settings.keeps_memory ? std::max(demand, point.bytes) : point.bytes;
        plain.limit(room());
      }
      std::int64_t done = 0;
      for (const std::int64_t tensor : settings.tensors) {
        for (std::int64_t page = done / 100; page * 100 < done + tensor; ++page) plain.use(page, room());
        done += tensor;
      }
    }
    CHECK(plain.in == in);
    CHECK(plain.out == out);
  }
}

TEST_CASE("figures that make no run are refused with what to do", "[core][memory]") {
  const std::vector<StepWork> steps{spike(500, 750)};
  const auto refused = [&](auto change) {
    Settings settings = small_settings(1000, {400});
    std::vector<StepWork> changed = steps;
    change(settings, changed);
    const auto run = play(settings, changed);
    return !run && run.error().code == Errc::bad_argument && !run.error().hint.empty();
  };
  constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  CHECK(refused([](Settings& s, auto&) { s.page_bytes = 0; }));
  CHECK(refused([](Settings& s, auto&) { s.card_bytes = 0; }));
  CHECK(refused([](Settings& s, auto&) { s.tensors = {0}; }));
  CHECK(refused([](Settings& s, auto&) { s.bandwidth_GBps = 0; }));
  CHECK(refused([](Settings& s, auto&) { s.bandwidth_GBps = nan; }));
  CHECK(refused([](Settings& s, auto&) { s.latency_us = -1; }));
  CHECK(refused([](Settings& s, auto&) { s.map_rows = 0; }));
  CHECK(refused([](Settings& s, auto&) { s.tensors = {std::int64_t{1} << 40}; }));  // 10^10 pages
  CHECK(refused([](Settings&, auto& w) { w.clear(); }));
  CHECK(refused([](Settings&, auto& w) { w[0].demand.clear(); }));
  CHECK(refused([](Settings&, auto& w) { w[0].demand[0].seconds = 0.5; }));
  CHECK(refused([](Settings&, auto& w) { w[0].demand[1].seconds = 2.5; }));
  CHECK(refused([](Settings&, auto& w) { w[0].demand[2].seconds = 99; }));
  CHECK(refused([](Settings&, auto& w) { w[0].demand[2].bytes = -1; }));
  CHECK(refused([&](Settings&, auto& w) { w[0].update_seconds = nan; }));
}

}  // namespace
