#include "core/memory/paging/paged_run.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/memory/paging/page_table.hpp"

namespace qlab::paging {
namespace {

constexpr std::int64_t most_pages = std::int64_t{1} << 24;
constexpr std::int64_t moments_of_update = 96;  // more than a chart has room for

std::int64_t rows_of(std::int64_t pages, int map_rows) {
  return std::max<std::int64_t>(1, (pages + map_rows - 1) / map_rows);
}

class Player {
 public:
  Player(const Settings& settings, std::int64_t pages)
      : settings_(settings), table_(pages), pages_of_row_(rows_of(pages, settings.map_rows)) {
    run_.pages = pages;
    run_.map_rows = settings.map_rows;
    row_.resize(static_cast<std::size_t>(settings.map_rows));
  }

  PagedRun play(std::span<const StepWork> steps) {
    demand_ = steps.front().demand.front().bytes;
    for (std::int64_t page = run_.pages - std::clamp<std::int64_t>(room(), 0, run_.pages); page < run_.pages; ++page) {
      bring_in(page);
    }
    run_.first_resident = table_.resident();
    now_ = {};
    record();
    for (const StepWork& step : steps) {
      figures_ = {.begin = now_.seconds, .work_seconds = step.seconds()};
      if (!play(step)) break;
      figures_.end = now_.seconds;
      run_.steps.push_back(figures_);
      ++now_.step;
    }
    run_.last_resident = table_.resident();
    return std::move(run_);
  }

 private:
  /// Pages that fit beside the demand; negative if not even that fits.
  std::int64_t room() const {
    const std::int64_t left = settings_.card_bytes - demand_;
    return left < 0 ? -1 : left / settings_.page_bytes;
  }

  bool play(const StepWork& step) {
    work_ = 0;
    points_ = step.demand;
    now_.updating = false;
    if (!work_until(step.compute_seconds)) return false;
    record();
    now_.updating = true;
    if (!update(step)) return false;
    if (!work_until(step.seconds())) return false;
    record();
    return true;
  }

  /// Works on until `seconds` of the step, through every change of the demand on the way.
  bool work_until(double seconds) {
    while (!points_.empty() && points_.front().seconds <= seconds) {
      const DemandPoint point = points_.front();
      points_ = points_.subspan(1);
      work(point.seconds);
      if (!demand(point.bytes)) return false;
    }
    work(seconds);
    return true;
  }

  void work(double until) {
    if (until <= work_) return;
    now_.seconds += until - work_;
    work_ = until;
  }

  bool demand(std::int64_t bytes) {
    demand_ = settings_.keeps_memory ? std::max(demand_, bytes) : bytes;
    if (room() < 0) return run_out(demand_ - settings_.card_bytes);
    if (table_.resident() > room()) {
      record();
      wait_out(settings_.latency_us * 1e-6);
      make_room(table_.resident() - room());
    }
    record();
    return true;
  }

  /// Touches every page, tensor by tensor, and works in between.
  bool update(const StepWork& step) {
    const double start = step.compute_seconds;
    const std::int64_t bytes = std::accumulate(settings_.tensors.begin(), settings_.tensors.end(), std::int64_t{0});
    std::int64_t done = 0, next_moment = 0;
    for (const std::int64_t tensor : settings_.tensors) {
      const std::int64_t end = (done + tensor + settings_.page_bytes - 1) / settings_.page_bytes;
      for (std::int64_t page = done / settings_.page_bytes; page < end;) {
        if (room() < 1) return run_out(settings_.page_bytes - (settings_.card_bytes - demand_));
        const std::int64_t last = settings_.prefetch ? std::min(end, page + room()) : page + 1;
        fetch(page, last);
        page = last;
        const std::int64_t reached = std::min(page * settings_.page_bytes, done + tensor);
        if (!work_until(start + step.update_seconds * static_cast<double>(reached) / static_cast<double>(bytes))) {
          return false;
        }
        if (reached * moments_of_update >= next_moment * bytes) {
          record();
          next_moment = reached * moments_of_update / bytes + 1;
        }
      }
      done += tensor;
    }
    return true;
  }

  /// Sees to it that pages [first, last) are on the card, and the last ones to be evicted.
  void fetch(std::int64_t first, std::int64_t last) {
    std::int64_t absent = 0;
    for (std::int64_t page = first; page < last; ++page) {
      if (table_.on_card(page)) {
        table_.touch(page);
      } else {
        ++absent;
      }
    }
    if (absent == 0) return;
    make_room(table_.resident() + absent - room());
    for (std::int64_t page = first; page < last; ++page) {
      if (!table_.on_card(page)) bring_in(page);
    }
    const double seconds = settings_.latency_us * 1e-6 + transfer_seconds(absent);
    ++now_.faults, ++figures_.faults;
    now_.waited_in += seconds, figures_.waited_in += seconds;
    now_.seconds += seconds;
  }

  void bring_in(std::int64_t page) {
    table_.bring_in(page);
    ++row_[static_cast<std::size_t>(page / pages_of_row_)];
    ++now_.pages_in, ++figures_.pages_in;
  }

  void make_room(std::int64_t pages) {
    if (pages <= 0) return;
    for (std::int64_t i = 0; i < pages; ++i) --row_[static_cast<std::size_t>(table_.evict_oldest() / pages_of_row_)];
    now_.pages_out += pages, figures_.pages_out += pages;
    wait_out(transfer_seconds(pages));
  }

  void wait_out(double seconds) {
    now_.waited_out += seconds, figures_.waited_out += seconds;
    now_.seconds += seconds;
  }

  double transfer_seconds(std::int64_t pages) const {
    return static_cast<double>(pages) * static_cast<double>(settings_.page_bytes) / (settings_.bandwidth_GBps * 1e9);
  }

  bool run_out(std::int64_t missing) {
    record();
    run_.shortage = Shortage{now_.step, now_.seconds, missing};
    return false;
  }

  void record() {
    now_.demand_bytes = demand_;
    now_.resident_pages = table_.resident();
    run_.moments.push_back(now_);
    run_.map.insert(run_.map.end(), row_.begin(), row_.end());
    now_.pages_out = now_.pages_in = now_.faults = 0;
    now_.waited_out = now_.waited_in = 0;
  }

  const Settings& settings_;
  PageTable table_;
  std::int64_t pages_of_row_;
  PagedRun run_;
  std::vector<std::int64_t> row_;  ///< pages on the card, by row of the map
  std::span<const DemandPoint> points_;
  std::int64_t demand_ = 0;
  double work_ = 0;      ///< seconds of work in this step
  Moment now_;           ///< what has gathered since the last record
  StepFigures figures_;  ///< of this step
};

std::optional<Error> fault_of(double value, const char* name, double least) {
  if (std::isfinite(value) && value >= least) return {};
  return Error{Errc::bad_argument, fmt::format("{} is {}", name, value), "",
               fmt::format("use a number from {}", least)};
}

std::optional<Error> fault_of(const StepWork& step) {
  for (const auto& [value, name] :
       {std::pair(step.compute_seconds, "compute_seconds"), std::pair(step.update_seconds, "update_seconds")}) {
    if (auto fault = fault_of(value, name, 0)) return fault;
  }
  const auto rises = [](const DemandPoint& a, const DemandPoint& b) { return !(a.seconds <= b.seconds); };
  if (step.demand.empty() || step.demand.front().seconds != 0 || !(step.demand.back().seconds <= step.seconds()) ||
      std::adjacent_find(step.demand.begin(), step.demand.end(), rises) != step.demand.end()) {
    return Error{Errc::bad_argument, "the demand of a step does not run forward from 0 to its end", "",
                 "give its points in the order of time"};
  }
  for (const DemandPoint& point : step.demand) {
    if (auto fault = fault_of(static_cast<double>(point.bytes), "the demand in bytes", 0)) return fault;
  }
  return {};
}

std::optional<Error> fault_of(const Settings& settings, std::int64_t pages) {
  if (auto fault = fault_of(static_cast<double>(settings.card_bytes), "card_bytes", 1)) return fault;
  if (auto fault = fault_of(settings.latency_us, "latency_us", 0)) return fault;
  if (!(std::isfinite(settings.bandwidth_GBps) && settings.bandwidth_GBps > 0)) {
    return Error{Errc::bad_argument, fmt::format("bandwidth_GBps is {}", settings.bandwidth_GBps), "",
                 "use a positive number"};
  }
  if (auto fault = fault_of(settings.map_rows, "map_rows", 1)) return fault;
  for (const std::int64_t tensor : settings.tensors) {
    if (auto fault = fault_of(static_cast<double>(tensor), "a state tensor's bytes", 1)) return fault;
  }
  if (pages > most_pages) {
    return Error{Errc::bad_argument, fmt::format("the state makes {} pages of {} bytes", pages, settings.page_bytes),
                 "", fmt::format("use pages so large that there are at most {}", most_pages)};
  }
  return {};
}

/// With all of the state on the card for good.
std::optional<Shortage> unpaged_shortage(const Settings& settings, std::span<const StepWork> steps,
                                         std::int64_t state) {
  double begin = 0;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    for (const DemandPoint& point : steps[i].demand) {
      const std::int64_t missing = point.bytes + state - settings.card_bytes;
      if (missing > 0) return Shortage{static_cast<std::int32_t>(i), begin + point.seconds, missing};
    }
    begin += steps[i].seconds();
  }
  return {};
}

}  // namespace

StepFigures PagedRun::total() const {
  StepFigures total;
  for (const StepFigures& step : steps) {
    total.end = step.end;
    total.work_seconds += step.work_seconds;
    total.waited_out += step.waited_out;
    total.waited_in += step.waited_in;
    total.pages_out += step.pages_out;
    total.pages_in += step.pages_in;
    total.faults += step.faults;
  }
  return total;
}

std::int64_t map_row_pages(const PagedRun& run, int row) {
  const std::int64_t pages_of_row = rows_of(run.pages, run.map_rows);
  return std::clamp<std::int64_t>(run.pages - row * pages_of_row, 0, pages_of_row);
}

Result<PagedRun> play(const Settings& settings, std::span<const StepWork> steps) {
  if (auto fault = fault_of(static_cast<double>(settings.page_bytes), "page_bytes", 1)) return *fault;
  const std::int64_t state = std::accumulate(settings.tensors.begin(), settings.tensors.end(), std::int64_t{0});
  const std::int64_t pages = (state + settings.page_bytes - 1) / settings.page_bytes;
  if (auto fault = fault_of(settings, pages)) return *fault;
  if (steps.empty()) return Error{Errc::bad_argument, "there is no step to play", "", "give at least one"};
  for (const StepWork& step : steps) {
    if (auto fault = fault_of(step)) return *fault;
  }
  PagedRun run = Player(settings, pages).play(steps);
  run.shortage_unpaged = unpaged_shortage(settings, steps, state);
  return run;
}

}  // namespace qlab::paging
