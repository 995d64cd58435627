// A tensor as it lies in memory or in a mapped file: name, shape, element type and raw little-endian bytes, not owned.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/base/result.hpp"
#include "core/tensor/dtype.hpp"

namespace qlab {

struct TensorView {
  std::string name;
  std::vector<std::int64_t> shape;  ///< row-major; empty: a scalar
  Dtype dtype = Dtype::f32;
  std::span<const std::byte> bytes;

  std::int64_t size() const;  ///< number of elements
};

/// Widens elements [first, first + out.size()) to fp32; f64 is rounded once. The caller keeps the range inside the
/// tensor. Error: unsupported for a dtype that is no floating point.
Result<Done> read_f32(const TensorView& tensor, std::int64_t first, std::span<float> out);

}  // namespace qlab
