#include "core/quantization/format.hpp"

#include <limits>
#include <set>

#include "tests/support/catch.hpp"

namespace {

using namespace qlab;

TEST_CASE("every name on the menu is a format that can be computed, with words in both languages", "[core][quant]") {
  std::set<std::string> labels;
  for (const std::string& name : format_names()) {
    const auto format = find_format(name);
    CAPTURE(name);
    REQUIRE(format);
    CHECK(format->name == name);
    CHECK(check_format(*format));
    CHECK_FALSE(format->label.en.empty());
    CHECK_FALSE(format->label.zh.empty());
    CHECK_FALSE(format->description.en.empty());
    CHECK_FALSE(format->description.zh.empty());
    labels.insert(format->label.en);
  }
  CHECK(labels.size() == format_names().size());
}

TEST_CASE("linear formats exist for 2 to 8 bits", "[core][quant]") {
  for (int bits = 2; bits <= 8; ++bits) {
    const std::string digit = std::to_string(bits);
    for (const std::string& name :
         {"int" + digit, "int" + digit + "_affine", "int" + digit + "_affine_zp", "q" + digit + "_0"}) {
      const auto format = find_format(name);
      REQUIRE(format);
      CHECK(format->bits == bits);
      CHECK(code_levels(*format).size() == std::size_t{1} << bits);
    }
  }
}

TEST_CASE("an unknown format's error lists the known ones", "[core][quant]") {
  for (const char* name : {"", "nf5", "int1", "int9", "int4_", "q4_1", "NF4"}) {
    const auto format = find_format(name);
    CAPTURE(name);
    REQUIRE_FALSE(format);
    CHECK(format.error().code == Errc::not_found);
    CHECK(format.error().what == "there is no format '" + std::string(name) + "'");
    CHECK(format.error().hint.find("nf4, fp4, mirrored15, int4,") != std::string::npos);
  }
}

TEST_CASE("a linear format's levels are its codes, around zero where an absmax scales", "[core][quant]") {
  CHECK(code_levels(*find_format("int2")) == std::vector<float>{-2, -1, 0, 1});
  CHECK(code_levels(*find_format("q2_0")) == std::vector<float>{-2, -1, 0, 1});
  CHECK(code_levels(*find_format("int2_affine")) == std::vector<float>{0, 1, 2, 3});
  CHECK(code_levels(*find_format("int2_affine_zp")) == std::vector<float>{0, 1, 2, 3});
}

TEST_CASE("a format that nothing can compute is refused", "[core][quant]") {
  Format format = *find_format("nf4");
  format.name = "mine";
  const auto error = [&] {
    const auto checked = check_format(format);
    REQUIRE_FALSE(checked);
    return checked.error().message();
  };
  SECTION("bits") {
    format.bits = 9;
    CHECK(error() == "bits is 9 (format mine): use 2 to 8");
  }
  SECTION("too many levels") {
    format.bits = 3;
    CHECK(error() == "the codebook has 16 levels (format mine): use 2 to 8");
  }
  SECTION("one level") {
    format.codebook = {0};
    CHECK(error() == "the codebook has 1 levels (format mine): use 2 to 16");
  }
  SECTION("a level beyond 1") {
    format.codebook.back() = 1.5F;
    CHECK(error() == "a level is 1.5 (format mine): use levels from -1 to 1");
  }
  SECTION("a level that is no number") {
    format.codebook.back() = std::numeric_limits<float>::quiet_NaN();
    CHECK(error() == "a level is nan (format mine): use levels from -1 to 1");
  }
  SECTION("a codebook with two constants") {
    format.scale_rule = ScaleRule::min_max;
    CHECK(error() == "a codebook has another scale rule (format mine): use absmax");
  }
}

}  // namespace
