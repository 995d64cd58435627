// A seeded tensor on a grid: one element a thread, by the element functions of core/tensor/generate_body.hpp.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include "core/tensor/generate_body.hpp"

namespace qlab::gpu {

template <class ElementFunction>
struct GenerateElement {
  ElementFunction element;
  std::int64_t first = 0;
  float* out = nullptr;

  template <class Team>
  QLAB_HD void operator()(const Team&, std::int64_t i) const {
    out[i] = element(first + i);
  }
};

}  // namespace qlab::gpu
