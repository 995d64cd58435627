// Backend: where the kernels run. core holds the CPU's; gpu implements the same interface; app chooses.
// Every backend returns the same bits (sums: in a fixed order) for the same input.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "core/base/result.hpp"
#include "core/quantization/error_figures.hpp"
#include "core/quantization/format.hpp"
#include "core/quantization/quantize.hpp"
#include "core/tensor/generate.hpp"

namespace qlab {

class Backend {
 public:
  Backend() = default;
  Backend(const Backend&) = delete;
  Backend& operator=(const Backend&) = delete;
  virtual ~Backend() = default;

  virtual std::string name() const = 0;  ///< "cpu", "cuda:0 NVIDIA L4"; what a Report calls its device

  /// See core/tensor/generate.hpp.
  virtual Result<Done> generate(const GeneratorSpec& spec, std::int64_t first, std::span<float> out) = 0;
  /// See core/quantization/quantize.hpp.
  virtual Result<QuantizedTensor> quantize(std::span<const float> values, const QuantizeSettings& settings) = 0;
  virtual Result<Done> dequantize(const QuantizedTensor& tensor, std::span<float> out) = 0;
  /// See core/quantization/error_figures.hpp.
  virtual Result<ErrorFigures> error_figures(std::span<const float> original, std::span<const float> decoded) = 0;
};

/// The CPU's backend on up to `threads` threads (0: all processors).
std::unique_ptr<Backend> make_cpu_backend(int threads);

}  // namespace qlab
