#include "core/experiment/parameters.hpp"

#include "tests/support/catch.hpp"

namespace {

using namespace qlab;

ParameterSpec block_size() {
  ParameterSpec spec;
  spec.name = "block_size";
  spec.symbol = "B";
  spec.kind = ParameterKind::integer;
  spec.minimum = 16;
  spec.maximum = 4096;
  spec.fallback = 64.0;
  return spec;
}

TEST_CASE("a parameter is set by its name or its symbol", "[core][experiment]") {
  Parameters parameters({block_size()});
  CHECK(parameters.integer("block_size") == 64);
  REQUIRE(parameters.set("B", "128"));
  CHECK(parameters.integer("block_size") == 128);
  parameters.reset("block_size");
  CHECK(parameters.integer("block_size") == 64);
}

TEST_CASE("a refused value names the parameter and its range and changes nothing", "[core][experiment]") {
  Parameters parameters({block_size()});
  for (const char* typed : {"8", "4097", "64.5", "nan", "inf", "", "64x", "0x40", " 64"}) {
    const auto result = parameters.set("block_size", typed);
    CAPTURE(typed);
    REQUIRE_FALSE(result);
    CHECK(result.error().message() == "block_size is '" + std::string(typed) + "': use a whole number from 16 to 4096");
  }
  CHECK(parameters.integer("block_size") == 64);
}

TEST_CASE("a tensor must be a source that can be read", "[core][experiment]") {
  ParameterSpec spec;
  spec.name = "tensor";
  spec.kind = ParameterKind::tensor;
  spec.fallback = std::string("normal");
  Parameters parameters({spec});
  CHECK(parameters.set("tensor", "0.5, -1"));
  CHECK(parameters.set("tensor", "missing.npy"));
  CHECK_FALSE(parameters.set("tensor", "nromal"));
  CHECK_FALSE(parameters.set("tensor", "1, nan"));
  CHECK(parameters.text("tensor") == "missing.npy");
}

TEST_CASE("an unknown parameter's error lists the known ones", "[core][experiment]") {
  Parameters parameters({block_size()});
  const auto result = parameters.set("blocks", "64");
  REQUIRE_FALSE(result);
  CHECK(result.error().code == Errc::not_found);
  CHECK(result.error().hint == "use one of block_size (B)");
}

TEST_CASE("typed values survive to_string and parse_value", "[core][experiment][property]") {
  ParameterSpec spec = block_size();
  spec.kind = ParameterKind::number;
  spec.minimum = -1e300;
  spec.maximum = 1e300;
  const double number = GENERATE(0.0, 0.1, -1.0 / 3.0, 1e-300, 123456789.125);
  const auto back = parse_value(spec, to_string(ParameterValue(number)));
  REQUIRE(back);
  CHECK(std::get<double>(*back) == number);
}

}  // namespace
