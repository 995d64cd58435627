#include "core/memory/step/figures.hpp"

#include <algorithm>
#include <numeric>
#include <vector>

#include "core/base/check.hpp"

namespace qlab::step {
namespace {

using ByCategory = std::array<std::int64_t, category_count>;

/// Walks the events of a trace in order and keeps the account.
class Meter {
 public:
  Meter(const Tape& tape, const Moments& moments, const LogitCount& logits)
      : tape_(tape), moments_(moments), logits_(logits) {}

  /// Takes the events up to `end`.
  void walk_to(std::uint32_t end) {
    while (next_ < end) {
      note_moment();
      take(tape_.events()[next_++]);
    }
  }

  /// What is alive by category changes by this.
  void skip(const ByCategory& change) {
    for (std::size_t i = 0; i < change.size(); ++i) alive_[i] += change[i];
    live_ += std::accumulate(change.begin(), change.end(), std::int64_t{0});
  }

  const ByCategory& alive() const { return alive_; }
  std::int64_t live() const { return live_; }

  StepFigures finish() {
    note_moment();
    auto& forward = figures_.phase_peaks[static_cast<std::size_t>(Phase::forward)];
    forward = std::max(forward, figures_.phase_peaks[static_cast<std::size_t>(Phase::loss)]);
    return figures_;
  }

 private:
  /// In front of event `next_`.
  void note_moment() {
    if (next_ == moments_.step) figures_.start_bytes = live_;
    if (next_ == moments_.backward) figures_.bytes_before_backward = live_;
    if (next_ == moments_.backward_end) figures_.bytes_after_backward = live_;
    const auto& stretches = tape_.stretches();
    for (; stretch_ < stretches.size() && stretches[stretch_].first_event <= next_; ++stretch_) {
      // An optimizer that allocates nothing counts with what is alive.
      if (stretches[stretch_].phase == Phase::optimizer && next_ >= moments_.step) raise(Phase::optimizer);
    }
  }

  void take(Event event) {
    const StorageRecord& record = tape_.storages()[static_cast<std::size_t>(event < 0 ? -event : event)];
    const std::int64_t bytes = rounded_allocation(record.bytes);
    const auto category = static_cast<std::size_t>(category_of(record, logits_));
    if (event < 0) {
      alive_[category] -= bytes;
      live_ -= bytes;
      return;
    }
    alive_[category] += bytes;
    live_ += bytes;
    if (next_ <= moments_.step) return;
    raise(record.phase);
    if (live_ > figures_.peak_bytes) {
      figures_.peak_bytes = live_;
      figures_.peak_phase = record.phase;
      figures_.breakdown = alive_;
    }
    std::int64_t in_kernel = 0;
    const auto& temporaries = tape_.kernel_temporaries();
    while (temporary_ < temporaries.size() && temporaries[temporary_].event + 1 < next_) ++temporary_;
    if (temporary_ < temporaries.size() && temporaries[temporary_].event + 1 == next_) {
      in_kernel = temporaries[temporary_].bytes;
    }
    figures_.peak_bytes_cuda = std::max(figures_.peak_bytes_cuda, live_ + in_kernel);
  }

  void raise(Phase phase) {
    auto& peak = figures_.phase_peaks[static_cast<std::size_t>(phase)];
    peak = std::max(peak, live_);
  }

  const Tape& tape_;
  const Moments& moments_;
  const LogitCount& logits_;
  std::uint32_t next_ = 0;
  std::size_t stretch_ = 0;
  std::size_t temporary_ = 0;
  std::int64_t live_ = 0;
  ByCategory alive_{};
  StepFigures figures_;
};

/// Events that belong to one tile, and those outside the layers that follow them.
struct Visit {
  std::int64_t tile = 0;
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
};

/// Tiles 0, 1 and 2 by their number, all others as 3.
std::vector<Visit> visits_of(const Tape& tape, std::uint32_t end, std::int64_t tile_layers) {
  std::vector<Visit> visits{{-1, 0, 0}};
  for (const Stretch& stretch : tape.stretches()) {
    if (stretch.first_event >= end) break;
    if (stretch.layer < 0) continue;
    const std::int64_t tile = std::min<std::int64_t>(stretch.layer / tile_layers, 3);
    if (tile == visits.back().tile) continue;
    visits.back().end = stretch.first_event;
    visits.push_back({tile, stretch.first_event, 0});
  }
  visits.back().end = end;
  return visits;
}

bool is_middle(const Visit& visit) { return visit.tile == 1 || visit.tile == 2; }

/// Whether both allocate and free the same, in the same order.
bool are_alike(const Tape& tape, const LogitCount& logits, const Visit& a, const Visit& b) {
  if (a.end - a.begin != b.end - b.begin) return false;
  for (std::uint32_t i = 0; i < a.end - a.begin; ++i) {
    const Event x = tape.events()[a.begin + i];
    const Event y = tape.events()[b.begin + i];
    const StorageRecord& of_x = tape.storages()[static_cast<std::size_t>(std::abs(x))];
    const StorageRecord& of_y = tape.storages()[static_cast<std::size_t>(std::abs(y))];
    if ((x < 0) != (y < 0) || of_x.bytes != of_y.bytes || of_x.phase != of_y.phase ||
        category_of(of_x, logits) != category_of(of_y, logits)) {
      return false;
    }
  }
  return true;
}

}  // namespace

Category category_of(const StorageRecord& record, const LogitCount& logits) {
  if (record.category != Category::temporaries) return record.category;
  // A storage of about tokens x vocabulary values belongs to the logits.
  const std::int64_t off = record.sizes.count() - logits.tokens * logits.vocabulary;
  if (off >= -logits.tokens && off <= logits.tokens) return Category::logits_and_loss;
  return record.saved ? Category::saved_activations : Category::temporaries;
}

std::optional<Fold> plan_fold(const ModelShape& shape, const StepSettings& settings) {
  const bool checkpoints = settings.checkpointing != Checkpointing::none;
  if (checkpoints && settings.checkpointed_layers.value_or(shape.num_layers) < shape.num_layers) return std::nullopt;
  if (shape.sliding_window > 0 && shape.first_sliding_layer > 0) return std::nullopt;
  Fold fold;
  if (shape.sliding_window > 0) fold.tile = shape.sliding_period;
  if (checkpoints) fold.tile = std::lcm(fold.tile, settings.checkpoint_every);
  fold.shallow_layers = 4 * fold.tile + shape.num_layers % fold.tile;
  fold.repeats = 2 + (shape.num_layers - fold.shallow_layers) / fold.tile;
  if (fold.shallow_layers >= shape.num_layers) return std::nullopt;
  return fold;
}

StepFigures measure(const Tape& tape, const Moments& moments, const LogitCount& logits) {
  Meter meter(tape, moments, logits);
  meter.walk_to(moments.end);
  return meter.finish();
}

std::optional<StepFigures> measure(const Tape& tape, const Moments& moments, const LogitCount& logits,
                                   const Fold& fold) {
  Meter meter(tape, moments, logits);
  const std::vector<Visit> visits = visits_of(tape, moments.end, fold.tile);
  for (std::size_t i = 0; i < visits.size(); ++i) {
    if (!is_middle(visits[i])) {
      meter.walk_to(visits[i].end);
      continue;
    }
    if (i + 1 == visits.size() || !is_middle(visits[i + 1])) return std::nullopt;
    if (!are_alike(tape, logits, visits[i], visits[i + 1])) return std::nullopt;
    const ByCategory before = meter.alive();
    meter.walk_to(visits[i].end);
    ByCategory change = meter.alive();
    for (std::size_t j = 0; j < change.size(); ++j) change[j] = (change[j] - before[j]) * (fold.repeats - 2);
    meter.skip(change);
    meter.walk_to(visits[++i].end);
  }
  const StepFigures figures = meter.finish();
  if (meter.live() != figures.start_bytes) return std::nullopt;
  return figures;
}

}  // namespace qlab::step
