// The CPU's backend: hands every call to the plain functions of core with its number of threads.
#include "core/experiment/backend.hpp"

namespace qlab {
namespace {

class CpuBackend final : public Backend {
 public:
  explicit CpuBackend(int threads) : threads_(threads) {}

  std::string name() const override { return "cpu"; }
  Result<Done> generate(const GeneratorSpec& spec, std::int64_t first, std::span<float> out) override {
    return qlab::generate(spec, first, out, threads_);
  }
  Result<QuantizedTensor> quantize(std::span<const float> values, const QuantizeSettings& settings) override {
    return qlab::quantize(values, settings, threads_);
  }
  Result<Done> dequantize(const QuantizedTensor& tensor, std::span<float> out) override {
    return qlab::dequantize(tensor, out, threads_);
  }
  Result<ErrorFigures> error_figures(std::span<const float> original, std::span<const float> decoded) override {
    return qlab::error_figures(original, decoded, threads_);
  }

 private:
  int threads_;
};

}  // namespace

std::unique_ptr<Backend> make_cpu_backend(int threads) { return std::make_unique<CpuBackend>(threads); }

}  // namespace qlab
