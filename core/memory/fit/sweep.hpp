// A plan over a grid of one or two of its figures: how much of a card each point takes.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "core/memory/fit/footprint.hpp"

namespace qlab {

enum class SweepKey { seq, batch, rank, accumulation, layers, hidden, vocab };

const char* name_of(SweepKey key);  ///< "seq"

struct SweepAxis {
  SweepKey key = SweepKey::seq;
  std::vector<std::int64_t> values;  ///< rising
};

/// "seq=512:8192:512,batch=1:8": first, last and step (1 if left out) of one or two keys; "seq=512" is a single value.
/// Error: bad_argument for an unknown key, the same key twice, three keys, values below 1 or that do not rise, and
/// grids of more than 250,000 points.
Result<std::vector<SweepAxis>> parse_sweep(std::string_view typed);

struct SweepGrid {
  std::vector<SweepAxis> axes;
  /// Peak of all tensors with what kernels take, the workspaces and the context; the last axis changes fastest.
  /// nullopt where the model cannot be run so (more rank than a matrix has, for example).
  std::vector<std::optional<std::int64_t>> bytes;
};

/// Simulates every point on up to `threads` threads. Layers, hidden size and vocabulary change `plan.shape`: hidden
/// sizes make it a llama-like model of the sliders. `progress` is called with 0 to 1, from one thread at a time.
/// Errors: bad_argument for a rank where nothing has one; cancelled.
Result<SweepGrid> sweep(const Plan& plan, const std::vector<SweepAxis>& axes, const CardOverheads& overheads,
                        int threads, std::stop_token stop = {}, const std::function<void(double)>& progress = {});

}  // namespace qlab
