// Where a lesson's tensor comes from: a seeded generator, numbers that somebody typed, or a tensor of a real file.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/base/result.hpp"
#include "core/base/text.hpp"
#include "core/tensor/generate.hpp"

namespace qlab {

struct FileTensor {
  std::string path;    ///< or "trained"
  std::string tensor;  ///< empty: the only floating-point tensor of the file, else an error that lists the names
};

using TensorSource = std::variant<Distribution, std::vector<float>, FileTensor>;

/// Reads what people type:
///   normal | laplace | student_t | uniform | outliers     a generator
///   trained | trained#layer.weight                       weights of the small model that the program trains itself,
///   see
///                                                        core/training/base_model.hpp
///   0.5234, -1.2341 0.8923   or   [0.5, 1]                 numbers, commas or blanks between them
///   path/model.safetensors#layer.weight, weights.npy       a file, then '#' and the tensor's name
/// Error: bad_argument that says which of the three was expected, or which number cannot be read.
Result<TensorSource> parse_tensor_source(std::string_view typed);

/// Values ready to be quantized, and where they are from.
struct LiveTensor {
  std::vector<float> values;
  Text description;             ///< "N(0, 1), seed 1, 262144 values"
  std::int64_t whole_size = 0;  ///< elements of the whole tensor
  bool sampled = false;         ///< true if `values` is only a part of it (evenly spread runs of whole blocks)
};

class Backend;

/// Loads a source. Generated: `count` values of `generator` (its distribution replaced by the source's). Typed: all of
/// them. The trained model is trained first where it is not kept yet, which
/// takes seconds. File: all of it up to `live_limit` values, beyond that evenly spread runs of 4096 values. Errors:
/// not_found or bad_file from the file; bad_argument for an empty tensor, and for NaN or infinity with the place of the
/// first one.
Result<LiveTensor> load(const TensorSource& source, Backend& backend, const GeneratorSpec& generator,
                        std::int64_t count, std::int64_t live_limit);

}  // namespace qlab
