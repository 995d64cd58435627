// What the parts of this lesson share: the sliders' figures, and one function for each part of the Report.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <vector>

#include "core/base/units.hpp"
#include "core/experiment/context.hpp"
#include "core/memory/classroom.hpp"
#include "core/memory/ledger.hpp"
#include "core/report/report.hpp"

namespace qlab::lessons::memory_ledger {

struct Sliders {
  std::int64_t hidden_size = 0;  ///< H
  std::int64_t num_layers = 0;   ///< L
  std::int64_t seq_length = 0;   ///< T
  std::int64_t vocab_size = 0;   ///< V
  std::int64_t batch_size = 0;   ///< B

  classroom::Stats stats() const { return {hidden_size, num_layers, seq_length}; }
  ModelShape shape() const { return llama_like_shape(hidden_size, num_layers, vocab_size); }
  StepLedger ledger(Method method) const {
    return step_ledger(shape(), {.method = method, .batch = batch_size, .seq_length = seq_length});
  }
};

inline double gib(std::int64_t bytes) { return static_cast<double>(bytes) / bytes_per_GiB; }
inline double gb(std::int64_t bytes) { return static_cast<double>(bytes) / bytes_per_GB; }

std::vector<Table> tables(const Sliders& sliders);

/// Axes of maps and curves run over the sliders' whole ranges, so `parameters` gives those.
std::vector<Chart> charts(const Sliders& sliders, const Parameters& parameters);

/// The printed figures in circulation, each about a model of its own; the sliders do not touch them.
Result<std::vector<Check>> claims(const Context& context);

}  // namespace qlab::lessons::memory_ledger
