#include "core/quantization/piecewise.hpp"

#include <cmath>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include "core/experiment/backend.hpp"
#include "core/quantization/error_figures.hpp"
#include "tests/support/catch.hpp"

namespace {

using namespace qlab;

std::vector<float> laplace(std::size_t count) {
  GeneratorSpec spec;
  spec.distribution = Distribution::laplace;
  std::vector<float> values(count);
  REQUIRE(generate(spec, 0, values, 1));
  return values;
}

template <class T>
void append(std::vector<T>& to, const std::vector<T>& more) {
  to.insert(to.end(), more.begin(), more.end());
}

void append(BlockConstants& to, const BlockConstants& more) {
  append(to.fp32, more.fp32);
  append(to.codes, more.codes);
  append(to.nested_absmax, more.nested_absmax);
  to.type = more.type;
  to.offset = more.offset;
  to.nested_block_size = more.nested_block_size;
}

bool same(const BlockConstants& a, const BlockConstants& b) {
  return a.type == b.type && a.fp32 == b.fp32 && a.codes == b.codes && a.nested_absmax == b.nested_absmax &&
         a.offset == b.offset;
}

TEST_CASE("a sum in torch's order does not depend on how the numbers arrive", "[core][quant][property]") {
  for (const std::size_t count : {0, 1, 7, 8, 31, 32, 33, 511, 512, 513, 70000}) {
    const std::vector<float> numbers = laplace(count);
    for (const std::size_t part : {1, 31, 32, 100, 4096}) {
      TorchOrderSum sum(static_cast<std::int64_t>(count));
      for (std::size_t i = 0; i < count; i += part) {
        sum.add(std::span(numbers).subspan(i, std::min(part, count - i)));
      }
      CAPTURE(count, part);
      CHECK(sum.sum() == sum_in_torch_order(numbers));
    }
  }
}

TEST_CASE("error figures of parts are the bits of the whole", "[core][quant][property]") {
  const std::vector<float> original = laplace(100003);
  std::vector<float> decoded = original;
  for (std::size_t i = 0; i < decoded.size(); ++i) decoded[i] += 1e-3F * static_cast<float>(i % 17);
  const auto whole = error_figures(original, decoded, 1);
  REQUIRE(whole);
  for (const std::size_t part : {1000, 16384, 50000, 99999}) {
    ErrorFigureSums sums;
    for (std::size_t i = 0; i < original.size(); i += part) {
      const std::size_t count = std::min(part, original.size() - i);
      sums.add(std::span(original).subspan(i, count), std::span(decoded).subspan(i, count), 3);
    }
    const ErrorFigures figures = sums.figures();
    CHECK(figures.mse == whole->mse);
    CHECK(figures.mae == whole->mae);
    CHECK(figures.max_error == whole->max_error);
    CHECK(figures.sqnr_db == whole->sqnr_db);
    CHECK(figures.relative_frobenius == whole->relative_frobenius);
  }
}

TEST_CASE("pieces are quantized to the bits of the whole tensor", "[core][quant][property]") {
  const auto backend = make_cpu_backend(2);
  struct Case {
    const char* format;
    int block_size, nested_block_size;
    ConstantType constants;
    Compatibility compatibility = Compatibility::nearest;
  };
  const Case cases[] = {{"nf4", 64, 256, ConstantType::fp32},
                        {"nf4", 64, 16, ConstantType::dynamic8},
                        {"nf4", 64, 16, ConstantType::dynamic8, Compatibility::bitsandbytes},
                        {"fp4", 17, 16, ConstantType::dynamic8},
                        {"int4", 32, 16, ConstantType::fp32},
                        {"int3_affine", 16, 16, ConstantType::dynamic8},
                        {"int5_affine_zp", 16, 16, ConstantType::fp32},
                        {"dynamic8", 128, 16, ConstantType::fp32, Compatibility::bitsandbytes}};
  for (const Case& c : cases) {
    CAPTURE(c.format, c.block_size);
    QuantizeSettings settings;
    settings.format = *find_format(c.format);
    settings.block_size = c.block_size;
    settings.nested_block_size = c.nested_block_size;
    settings.constants = c.constants;
    settings.compatibility = c.compatibility;
    const std::int64_t unit = piece_unit(c.block_size, c.nested_block_size);
    const std::vector<float> values = laplace(static_cast<std::size_t>(2 * unit + 5 * c.block_size + 3));
    const auto whole = quantize(values, settings, 1);
    REQUIRE(whole);

    PiecewiseQuantizer quantizer(settings, static_cast<std::int64_t>(values.size()));
    const auto each_piece = [&](auto&& take) {
      for (std::size_t first = 0; first < values.size(); first += static_cast<std::size_t>(unit)) {
        take(std::span(values).subspan(first, std::min(static_cast<std::size_t>(unit), values.size() - first)));
      }
    };
    if (quantizer.needs_survey()) {
      each_piece([&](std::span<const float> piece) { REQUIRE(quantizer.survey(*backend, piece)); });
    }
    QuantizedTensor joined;
    each_piece([&](std::span<const float> piece) {
      const auto part = quantizer.quantize(*backend, piece);
      REQUIRE(part);
      append(joined.packed, part->packed);
      append(joined.zero_points, part->zero_points);
      append(joined.scale, part->scale);
      append(joined.minimum, part->minimum);
    });
    CHECK(joined.packed == whole->packed);
    CHECK(joined.zero_points == whole->zero_points);
    CHECK(same(joined.scale, whole->scale));
    if (whole->format.scale_rule == ScaleRule::min_max) CHECK(same(joined.minimum, whole->minimum));
    CHECK(part_sizes(settings, whole->size).total() == whole->bytes());
  }
}

TEST_CASE("a piece's error names the value's place in the whole tensor", "[core][quant]") {
  const auto backend = make_cpu_backend(1);
  QuantizeSettings settings;
  settings.format = *find_format("int4_affine");
  settings.nested_block_size = 16;
  const std::int64_t unit = piece_unit(settings.block_size, settings.nested_block_size);
  std::vector<float> values(static_cast<std::size_t>(unit) + 100);
  PiecewiseQuantizer quantizer(settings, static_cast<std::int64_t>(values.size()));
  const auto second_piece = [&] {
    REQUIRE(quantizer.quantize(*backend, std::span(values).first(static_cast<std::size_t>(unit))));
    return quantizer.quantize(*backend, std::span(values).subspan(static_cast<std::size_t>(unit))).error().what;
  };
  SECTION("NaN") {
    values[static_cast<std::size_t>(unit) + 70] = std::numeric_limits<float>::quiet_NaN();
    CHECK(second_piece() == "value 1094 is NaN");
  }
  SECTION("a range beyond fp32") {
    values[static_cast<std::size_t>(unit) + 70] = 3e38F;
    values[static_cast<std::size_t>(unit) + 71] = -3e38F;
    CHECK(second_piece() == "the range of block 17 is too large for fp32");
  }
}

}  // namespace
