// Quantizes the tensors of a file of any size: measures the error of every type asked for, and writes a file in the
// layout of stored_tensor.hpp. Works in pieces, so resident memory stays below 300 MB whatever the file's size.
// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <functional>
#include <stop_token>
#include <string>
#include <vector>

#include "core/base/result.hpp"
#include "core/experiment/backend.hpp"
#include "core/quantization/error_figures.hpp"
#include "core/tensor/dtype.hpp"

namespace qlab {

/// What work on a file computes with, and how it is watched.
struct FileWork {
  Backend& backend;
  int threads = 0;                                ///< for what the backend does not do; 0: all processors
  std::stop_token stop;                           ///< asked between pieces; then the error is `cancelled`
  std::function<void(double fraction)> progress;  ///< 0 to 1; may be empty
};

struct QuantizeFileOptions {
  std::filesystem::path input;
  std::string tensor;              ///< empty: the whole file
  std::vector<std::string> types;  ///< names of formats, at least one
  int block_size = 64;
  bool double_quantization = false;
  bool as_bitsandbytes = false;  ///< byte for byte as that library; nf4 and fp4 with its block sizes only
  bool allow_nonfinite = false;
  std::filesystem::path output;  ///< empty: measure only; else exactly one type
};

/// Why a tensor of a whole file is left as it is.
enum class PassReason {
  dtype,              ///< no floating-point type that is quantized
  empty,              ///< no values
  not_a_matrix,       ///< in an output file: norms and biases are no matrices and keep their type
  embedding_or_head,  ///< in an output file: embeddings and output heads keep their type, as transformers does it
};

struct MeasuredTensor {
  std::string name;
  std::vector<std::int64_t> shape;
  Dtype dtype = Dtype::f32;
  std::string type;  ///< the format's name
  int block_size = 0;
  double bits_per_parameter = 0;
  ErrorFigures errors;
};

struct PassedTensor {
  std::string name;
  std::vector<std::int64_t> shape;
  Dtype dtype = Dtype::f32;
  PassReason reason = PassReason::dtype;
};

struct QuantizeFileReport {
  std::vector<MeasuredTensor> tensors;  ///< in the file's order, types in the order asked for
  std::vector<PassedTensor> passed;
};

/// With `output`, a tensor asked for by name is written alone; a whole file keeps its metadata and every tensor that is
/// not quantized. Errors: bad_argument for options that do not go together, an unsuitable tensor asked for by name, NaN
/// or infinity (with its place), an output that is the input; what reading and writing the files can say; cancelled.
/// After an error the output is as it was before.
Result<QuantizeFileReport> quantize_file(const QuantizeFileOptions& options, const FileWork& work);

}  // namespace qlab
