#include "gpu/self_check.hpp"

#include <bit>
#include <cstring>
#include <string>
#include <vector>

namespace qlab::gpu {
namespace {

Error differs(const std::string& what) {
  return {Errc::unsupported, "the GPU does not compute what the processor does", what,
          "report it, and use --device cpu"};
}

bool same_bits(const std::vector<float>& a, const std::vector<float>& b) {
  return a.size() == b.size() && (a.empty() || std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0);
}

bool same(const BlockConstants& a, const BlockConstants& b) {
  return same_bits(a.fp32, b.fp32) && a.codes == b.codes && same_bits(a.nested_absmax, b.nested_absmax) &&
         std::bit_cast<std::uint32_t>(a.offset) == std::bit_cast<std::uint32_t>(b.offset);
}

bool same(const QuantizedTensor& a, const QuantizedTensor& b) {
  return a.packed == b.packed && a.zero_points == b.zero_points && same(a.scale, b.scale) && same(a.minimum, b.minimum);
}

bool same(const ErrorFigures& a, const ErrorFigures& b) {
  return a.mse == b.mse && a.mae == b.mae && a.max_error == b.max_error && a.sqnr_db == b.sqnr_db &&
         a.relative_frobenius == b.relative_frobenius;
}

Result<Done> check_format(Backend& backend, Backend& cpu, const std::string& name, int block_size,
                          std::span<const float> values) {
  const auto format = find_format(name);
  if (!format) return format.error();
  QuantizeSettings settings;
  settings.format = *format;
  settings.block_size = block_size;
  settings.constants = name == "nf4" ? ConstantType::dynamic8 : ConstantType::fp32;
  const auto theirs = cpu.quantize(values, settings);
  const auto ours = backend.quantize(values, settings);
  if (!theirs) return theirs.error();
  if (!ours) return ours.error();
  if (!same(*ours, *theirs)) return differs("quantizing to " + name);
  std::vector<float> decoded(values.size());
  std::vector<float> decoded_there(values.size());
  if (auto done = cpu.dequantize(*theirs, decoded); !done) return done.error();
  if (auto done = backend.dequantize(*ours, decoded_there); !done) return done.error();
  if (!same_bits(decoded, decoded_there)) return differs("dequantizing " + name);
  const auto figures = cpu.error_figures(values, decoded);
  const auto figures_there = backend.error_figures(values, decoded);
  if (!figures) return figures.error();
  if (!figures_there) return figures_there.error();
  if (!same(*figures, *figures_there)) return differs("the errors of " + name);
  return Done{};
}

}  // namespace

Result<Done> check_against_cpu(Backend& backend) {
  constexpr std::size_t count = 40'005;  // more than two pieces of the error figures, and no whole block at the end
  const auto cpu = make_cpu_backend(1);
  std::vector<float> values(count);
  std::vector<float> made(count);
  for (const Distribution distribution : {Distribution::student_t, Distribution::laplace, Distribution::uniform,
                                          Distribution::outliers, Distribution::normal}) {
    GeneratorSpec spec;
    spec.distribution = distribution;
    if (auto done = cpu->generate(spec, 7, values); !done) return done.error();
    if (auto done = backend.generate(spec, 7, made); !done) return done.error();
    if (!same_bits(values, made)) return differs("generating a tensor");
  }
  for (const char* name : {"nf4", "fp4", "dynamic8", "int3", "int4", "int4_affine", "int4_affine_zp", "q4_0", "int8"}) {
    for (const int block_size : {64, 19}) {
      if (auto done = check_format(backend, *cpu, name, block_size, values); !done) return done.error();
    }
  }
  return Done{};
}

}  // namespace qlab::gpu
