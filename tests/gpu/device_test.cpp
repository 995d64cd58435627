// The whole backend on a GPU, where one is present; elsewhere the reason is printed and the case is skipped.
#include <iostream>

#include "gpu/cuda_backend.hpp"
#include "gpu/self_check.hpp"
#include "tests/support/catch.hpp"

namespace {

using namespace qlab;

/// A backend that is off by one bit somewhere.
class FlawedBackend final : public Backend {
 public:
  std::string name() const override { return "flawed"; }
  Result<Done> generate(const GeneratorSpec& spec, std::int64_t first, std::span<float> out) override {
    return cpu_->generate(spec, first, out);
  }
  Result<QuantizedTensor> quantize(std::span<const float> values, const QuantizeSettings& settings) override {
    auto tensor = cpu_->quantize(values, settings);
    if (tensor && settings.format.name == "q4_0") tensor->packed.back() ^= 16;
    return tensor;
  }
  Result<Done> dequantize(const QuantizedTensor& tensor, std::span<float> out) override {
    return cpu_->dequantize(tensor, out);
  }
  Result<ErrorFigures> error_figures(std::span<const float> original, std::span<const float> decoded) override {
    return cpu_->error_figures(original, decoded);
  }

 private:
  std::unique_ptr<Backend> cpu_ = make_cpu_backend(1);
};

TEST_CASE("a backend that differs in one code is refused by name", "[gpu]") {
  CHECK(gpu::check_against_cpu(*make_cpu_backend(2)));
  FlawedBackend flawed;
  const auto checked = gpu::check_against_cpu(flawed);
  REQUIRE_FALSE(checked);
  CHECK(checked.error().where == "quantizing to q4_0");
}

TEST_CASE("the GPU quantizes, decodes, measures and generates as the CPU does", "[gpu][device]") {
  const auto backend = gpu::make_cuda_backend();
  if (!backend) {
    CHECK(backend.error().code == Errc::unsupported);
    std::cout << "no device: skipped (" << backend.error().message() << ")\n";
    return;
  }
  CHECK(gpu::check_against_cpu(**backend));
}

}  // namespace
