// What `qloralab bench` times: each case does one whole job on buffers that are warm, and shows first that it does it
// right. SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/base/result.hpp"

namespace qlab::cli {

struct BenchCase {
  std::string name;                      ///< of the result: "quantize_nf4_fp32_b64"
  std::function<Result<Done>()> check;   ///< compares a result with the reference loops'
  std::function<void(int threads)> run;  ///< once
  bool against_copy = true;              ///< it reads or writes the buffer, so that a copy of it is the measure
  bool parallel = true;                  ///< more threads make a difference
  double operations = 0;                 ///< additions and multiplications of its matrix products; 0: has none
};

/// The buffers all cases share, and the copy they are measured against.
struct Bench {
  std::int64_t bytes = 0;                 ///< of the fp32 buffer that each case reads or writes
  std::function<void(int threads)> copy;  ///< of that buffer
  std::vector<BenchCase> cases;
};

/// Names the case whose speed is the machine's roof for matrix products.
inline constexpr const char* product_case = "product_1024x256x688";

/// Adds the training steps and that product.
void add_training_steps(Bench& bench);

/// Generates the buffers. Error: unsupported where the memory is missing.
Result<Bench> make_bench();

}  // namespace qlab::cli
