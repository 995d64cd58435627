// Where batches come from: a tensor of token ids made beforehand, or random windows of a text taken byte by byte.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "core/training/config.hpp"
#include "core/training/pass.hpp"

namespace qlab::training {

/// Batches fixed beforehand, one a step.
struct BatchTensor {
  std::int64_t steps = 0;
  std::int64_t count = 0;
  std::int64_t length = 0;
  std::vector<std::int32_t> ids;  ///< [steps, count, length]

  Batch batch(std::int64_t step) const;  ///< labels are the ids
};

/// Reads the tensor `batches` (i32, [steps, batch, sequence]) of a safetensors file. Errors: as any file; bad_file for
/// another type or shape, and for an id that is outside the model's vocabulary, with its place.
Result<BatchTensor> load_batches(const std::filesystem::path& file, const ModelConfig& config);

/// A text as bytes, each a token.
struct Corpus {
  std::string name;  ///< a path, or what errors call it
  std::string bytes;

  /// Window `index` of step `step`: a place in the text that depends on nothing but seed, step and index.
  Batch batch(std::int64_t count, std::int64_t length, std::uint64_t seed, std::int64_t step) const;
};

/// Error: bad_argument if the text is shorter than one sequence.
Result<Done> check_corpus(const Corpus& corpus, std::int64_t length);

/// Error: bad_argument if the model's vocabulary cannot hold every byte of `text`.
Result<Done> check_byte_tokens(const ModelConfig& config, const std::string& text);

/// Reads a text file. Errors: as any file.
Result<Corpus> load_corpus(const std::filesystem::path& file);

}  // namespace qlab::training
