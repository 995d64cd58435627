// Training steps with a paged optimizer, played on a page table: the state lies in managed memory, whose pages the
// driver moves between card and host. What else the step needs pushes pages out, least recently used first; the update
// touches all of them in order and brings back what is missing.
//
// A model, not a measurement. Its rules: one transfer at a time over the link, in either direction; the step waits for
// it; a page that leaves the card is always copied, for it exists in one place only; nothing is brought back before the
// update asks. Left out: transfers beside computation, access to host memory over the link, several cards.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "core/base/result.hpp"

namespace qlab::paging {

/// What lies on the card beside the pages, from `seconds` of work on until the next point.
struct DemandPoint {
  double seconds = 0;
  std::int64_t bytes = 0;
};

/// One step as it runs where everything fits.
struct StepWork {
  std::vector<DemandPoint> demand;  ///< the first at 0, rising, none behind the end of the update
  double compute_seconds = 0;       ///< forward and backward
  double update_seconds = 0;        ///< the optimizer's, over all pages evenly

  double seconds() const { return compute_seconds + update_seconds; }
};

struct Settings {
  std::int64_t card_bytes = 0;
  std::int64_t page_bytes = 2 << 20;
  /// The state tensors in the order of the update. Tensor follows tensor, so that a page may hold parts of several.
  std::vector<std::int64_t> tensors;
  double bandwidth_GBps = 25;  ///< of the link between card and host
  double latency_us = 30;      ///< from a request to its first byte
  /// Asks for a whole tensor before its update, as bitsandbytes does; else for a page when the update faults on it.
  bool prefetch = true;
  /// Memory once asked for stays taken, as PyTorch's allocator keeps it; else it is free again at once.
  bool keeps_memory = false;
  int map_rows = 16;  ///< groups of pages whose residency is followed
};

/// What has happened since the moment before, and how things stand.
struct Moment {
  double seconds = 0;  ///< since the beginning, waiting included
  std::int32_t step = 0;
  bool updating = false;
  std::int64_t demand_bytes = 0;
  std::int64_t resident_pages = 0;
  std::int64_t pages_out = 0;
  std::int64_t pages_in = 0;
  std::int64_t faults = 0;  ///< requests that the step waited for: pages, or tensors with prefetch
  double waited_out = 0;    ///< seconds that the step waited for pages to leave
  double waited_in = 0;     ///< and to arrive
};

struct StepFigures {
  double begin = 0;  ///< seconds, waiting included
  double end = 0;
  double work_seconds = 0;
  double waited_out = 0;
  double waited_in = 0;
  std::int64_t pages_out = 0;
  std::int64_t pages_in = 0;
  std::int64_t faults = 0;
};

/// Where memory ran out.
struct Shortage {
  std::int32_t step = 0;
  double seconds = 0;
  std::int64_t missing_bytes = 0;
};

struct PagedRun {
  std::int64_t pages = 0;
  std::int64_t first_resident = 0;  ///< pages on the card at the beginning
  std::int64_t last_resident = 0;   ///< and at the end
  std::vector<Moment> moments;      ///< the first at 0; in order
  std::vector<std::int64_t> map;    ///< [moments, map_rows] pages on the card, of map_row_pages(run, row)
  int map_rows = 0;
  std::vector<StepFigures> steps;            ///< those that were finished
  std::optional<Shortage> shortage;          ///< memory ran out in spite of paging; the run ends there
  std::optional<Shortage> shortage_unpaged;  ///< where it would have run out with the state always on the card

  StepFigures total() const;
};

/// Pages of a row of the map: the run's pages in equal parts, the last ones perhaps smaller or empty.
std::int64_t map_row_pages(const PagedRun& run, int row);

/// Plays the steps one after the other. At the beginning the card holds as many pages as fit, the last ones, as an
/// update would have left them. Errors: bad_argument for figures that are not positive and finite, for a demand that
/// does not begin at 0 or goes back in time, and for more than 2^24 pages.
Result<PagedRun> play(const Settings& settings, std::span<const StepWork> steps);

}  // namespace qlab::paging
