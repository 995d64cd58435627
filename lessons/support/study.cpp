#include "lessons/support/study.hpp"

#include <cmath>
#include <utility>

#include "core/base/check.hpp"

namespace qlab::lessons {
namespace {

GeneratorSpec generator_of(const Parameters& parameters) {
  GeneratorSpec spec;
  spec.seed = static_cast<std::uint64_t>(parameters.integer("seed"));
  spec.sigma = parameters.number("sigma");
  spec.nu = static_cast<int>(parameters.integer("nu"));
  spec.outlier_rate = parameters.number("outlier_rate");
  spec.outlier_size = parameters.number("outlier_size");
  return spec;
}

double standard_deviation(std::span<const float> values) {
  double sum = 0;
  for (const float x : values) sum += x;
  const double mean = sum / static_cast<double>(values.size());
  double squares = 0;
  for (const float x : values) squares += (x - mean) * (x - mean);
  return std::sqrt(squares / static_cast<double>(values.size()));
}

}  // namespace

Result<Study> load_study(const Parameters& parameters, const Context& context) {
  const auto source = parse_tensor_source(parameters.text("tensor"));
  if (!source) return source.error();
  const GeneratorSpec generator = generator_of(parameters);
  auto live = load(*source, context.backend, generator, parameters.integer("n"), live_limit);
  if (!live) return live.error();

  Study study;
  study.values = std::move(live->values);
  const auto* distribution = std::get_if<Distribution>(&*source);
  study.normal = distribution != nullptr && *distribution == Distribution::normal;
  // The outliers come on top of a normal of that sigma, so the whole is wider than the parameter says.
  const bool sigma_is_given = distribution != nullptr && *distribution != Distribution::outliers;
  study.sigma = sigma_is_given ? generator.sigma : standard_deviation(study.values);
  study.description = std::move(live->description);
  return study;
}

Result<Measurement> measure(std::span<const float> values, const QuantizeSettings& settings, Backend& backend) {
  auto quantized = backend.quantize(values, settings);
  if (!quantized) return quantized.error();
  Measurement measured;
  measured.quantized = *std::move(quantized);
  measured.decoded.resize(values.size());
  if (auto done = backend.dequantize(measured.quantized, measured.decoded); !done) return done.error();
  const auto figures = backend.error_figures(values, measured.decoded);
  if (!figures) return figures.error();
  measured.figures = *figures;
  measured.bits = measured.quantized.bits_per_parameter();
  return measured;
}

ConstantType constants_of(const Parameters& parameters, std::string_view name) {
  const std::string& id = parameters.text(name);
  if (id == "fp16") return ConstantType::fp16;
  if (id == "dynamic8") return ConstantType::dynamic8;
  QLAB_CHECK(id == "fp32");
  return ConstantType::fp32;
}

Text label_of(ConstantType type) {
  switch (type) {
    case ConstantType::fp32: return {"fp32", "fp32"};
    case ConstantType::fp16: return {"fp16", "fp16"};
    case ConstantType::dynamic8: return {"8-bit", "8 位"};
  }
  return {};
}

Format known_format(std::string_view name) {
  auto format = find_format(name);
  QLAB_CHECK(static_cast<bool>(format));
  return *std::move(format);
}

}  // namespace qlab::lessons
