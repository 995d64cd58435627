// Takes a file of quantized tensors back to fp16, bf16 or fp32: those that bitsandbytes and transformers store, and
// ours. Works in pieces. SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/base/result.hpp"
#include "core/checkpoint/quantize_file.hpp"
#include "core/tensor/dtype.hpp"

namespace qlab {

struct DequantizeFileOptions {
  std::filesystem::path input;
  std::filesystem::path output;  ///< ending in .npy: an npy file, for a single tensor of fp16 or fp32
  std::optional<Dtype> dtype;    ///< of the dequantized tensors: f16, bf16 or f32; none: each one's original type
};

struct DequantizedTensor {
  std::string name;
  std::vector<std::int64_t> shape;
  Dtype dtype = Dtype::f16;  ///< as written
  std::string type;          ///< the format it was stored in
  int block_size = 0;
};

struct DequantizeFileReport {
  std::vector<DequantizedTensor> tensors;
  std::vector<std::string> passed;  ///< names of tensors that were not quantized and are copied
};

/// Errors: bad_file for quantized tensors that contradict themselves; not_found if there are none; bad_argument for a
/// value too large for `dtype` (with its place), an output that is the input or cannot hold the tensors; cancelled.
/// After an error the output is as it was before.
Result<DequantizeFileReport> dequantize_file(const DequantizeFileOptions& options, const FileWork& work);

}  // namespace qlab
