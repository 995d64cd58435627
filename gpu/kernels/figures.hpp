// The sums behind the error figures on a grid, added in the order of core/quantization/figures_body.hpp, so that they
// are the processor's to the bit. SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include "core/quantization/figures_body.hpp"

namespace qlab::gpu {

/// Lane `index % 16` of piece `index / 16`.
struct FigureLanes {
  const float* original = nullptr;
  const float* decoded = nullptr;
  std::int64_t count = 0;
  body::FigureSums* lanes = nullptr;

  template <class Team>
  QLAB_HD void operator()(const Team&, std::int64_t index) const {
    const std::int64_t first = index / body::figure_lanes * body::figure_piece;
    const std::int64_t n = count - first < body::figure_piece ? count - first : body::figure_piece;
    lanes[index] = body::lane_sums(original + first, decoded + first, n, static_cast<int>(index % body::figure_lanes));
  }
};

struct FigurePiece {
  const body::FigureSums* lanes = nullptr;
  body::FigureSums* pieces = nullptr;

  template <class Team>
  QLAB_HD void operator()(const Team&, std::int64_t piece) const {
    body::FigureSums sums;
    for (int lane = 0; lane < body::figure_lanes; ++lane) sums.add(lanes[piece * body::figure_lanes + lane]);
    pieces[piece] = sums;
  }
};

}  // namespace qlab::gpu
