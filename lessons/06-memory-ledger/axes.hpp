// The sliders as axes of curves and maps. SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <vector>

#include "lessons/06-memory-ledger/memory_ledger.hpp"

namespace qlab::lessons::memory_ledger {

/// One slider's way along an axis: which figure it sets, and what the axis is called.
struct SliderAxis {
  const char* parameter;
  char letter;
  Text label;
  std::int64_t Sliders::*figure;
  std::int64_t multiple = 1;  ///< values along the axis are multiples of it
};

const ParameterSpec& spec_of(const Parameters& parameters, const SliderAxis& axis);

/// At most `count` values over the slider's range, evenly or by equal factors as the slider goes.
std::vector<double> values_along(const ParameterSpec& spec, const SliderAxis& axis, int count);

/// A mark at the slider's present value.
ReferenceLine present_value(const Sliders& sliders, const SliderAxis& axis, bool vertical);

}  // namespace qlab::lessons::memory_ledger
