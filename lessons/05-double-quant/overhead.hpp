// What the constants of the blocks cost before and after double quantization: by formula, on real models, and as the
// texts print it. SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>

#include "core/quantization/quantize.hpp"
#include "core/report/report.hpp"

namespace qlab::lessons {

/// Bits per parameter that the constants take.
struct Overhead {
  double before = 0;        ///< one constant a block, stored as it is
  double codes = 0;         ///< its 8-bit code instead
  double second_level = 0;  ///< one fp32 for every nested block of codes

  double after() const { return codes + second_level; }
  double saved() const { return before - after(); }
};

/// `first` is how constants are stored before: fp32 or fp16.
Overhead overhead_of(int block_size, int nested_block_size, ConstantType first);

/// Table `saving_by_model` and chart `memory_by_model`: the weights that bitsandbytes quantizes in LLaMA 7B to 65B,
/// from the config files in assets/models. Errors: those of load_model_shape.
Result<Done> add_models(Report& report, const Overhead& overhead, const std::filesystem::path& assets);

/// Real bytes against a count on paper, and how many constants a block of NF4 has.
void check_constants(Report& report, const QuantizedTensor& quantized);

/// The printed figures at the paper's own setting (blocks of 64 and 256, fp32), whatever the sliders say.
Result<Done> check_printed_figures(Report& report, const std::filesystem::path& assets);

}  // namespace qlab::lessons
