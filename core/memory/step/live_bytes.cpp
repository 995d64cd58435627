#include "core/memory/step/live_bytes.hpp"

#include <algorithm>
#include <numeric>

#include "core/base/check.hpp"

namespace qlab {
namespace {

using step::Phase;
using step::StorageRecord;

/// The loss belongs to the forward pass, as in SimulatedStep::phase_peaks.
Phase shown_phase(Phase phase) { return phase == Phase::loss ? Phase::forward : phase; }

}  // namespace

std::int64_t LiveBytes::Sample::total() const { return std::accumulate(bytes.begin(), bytes.end(), std::int64_t{0}); }

LiveBytes sample_live_bytes(const SimulatedStep& step, std::size_t max_samples) {
  QLAB_CHECK(max_samples >= 4);
  const auto& records = step.tape->storages();
  LiveBytes result;
  result.event_count = step.last_event - step.first_event;
  LiveBytes::Sample now;
  const auto count = [&](const StorageRecord& record, std::int64_t sign) {
    if (record.bytes == 0) return;
    now.bytes[static_cast<std::size_t>(category_of(step, record))] += sign * step::rounded_allocation(record.bytes);
  };
  for (const StorageRecord& record : records) {
    if (record.born < step.first_event && record.died >= step.first_event) count(record, 1);
  }

  const auto stretches = static_cast<std::uint32_t>(max_samples / 2);
  const std::uint32_t stretch = std::max<std::uint32_t>(1, (result.event_count + stretches - 1) / stretches);
  LiveBytes::Sample highest = now;
  const auto keep_highest = [&] {
    if (highest.event != result.samples.back().event) result.samples.push_back(highest);
  };
  result.samples.push_back(now);
  Phase phase = Phase::setup;
  for (std::uint32_t i = step.first_event; i < step.last_event; ++i) {
    const step::Event event = step.tape->events()[i];
    const StorageRecord& record = records[static_cast<std::size_t>(event < 0 ? -event : event)];
    count(record, event < 0 ? -1 : 1);
    now.event = i - step.first_event + 1;
    if (event > 0 && shown_phase(record.phase) != phase) {
      phase = shown_phase(record.phase);
      result.phases.push_back({phase, i - step.first_event});
    }
    if (now.event % stretch == 0) {
      keep_highest();
      result.samples.push_back(now);
      highest = now;
    } else if (now.total() > highest.total()) {
      highest = now;
    }
  }
  keep_highest();
  if (result.samples.back().event != now.event) result.samples.push_back(now);
  const auto peak = std::max_element(result.samples.begin(), result.samples.end(),
                                     [](const auto& a, const auto& b) { return a.total() < b.total(); });
  result.peak = static_cast<std::size_t>(peak - result.samples.begin());
  return result;
}

}  // namespace qlab
