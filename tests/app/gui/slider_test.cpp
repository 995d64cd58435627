#include "app/gui/slider.hpp"

#include "app/views/live_value.hpp"
#include "tests/support/catch.hpp"

using namespace qlab;
using namespace qlab::gui;

namespace {

ParameterSpec number(double minimum, double maximum, double step, bool logarithmic,
                     ParameterKind kind = ParameterKind::number) {
  ParameterSpec spec;
  spec.name = "x";
  spec.kind = kind;
  spec.minimum = minimum;
  spec.maximum = maximum;
  spec.step = step;
  spec.logarithmic = logarithmic;
  spec.fallback = minimum;
  return spec;
}

}  // namespace

TEST_CASE("slider: a linear slider's middle is the middle of its range", "[app][gui]") {
  const ParameterSpec spec = number(10, 30, 0, false);
  CHECK(slider_position(spec, 20) == 0.5);
  CHECK(slider_value(spec, 0.5) == 20);
}

TEST_CASE("slider: a logarithmic slider's middle is the geometric mean", "[app][gui]") {
  const ParameterSpec spec = number(16, 4096, 0, true, ParameterKind::integer);
  CHECK(slider_position(spec, 256) == Approx(0.5));
  CHECK(slider_value(spec, 0.5) == 256);
}

TEST_CASE("slider: the ends are exactly the minimum and the maximum", "[app][gui]") {
  for (const ParameterSpec& spec : {number(0.1, 0.7, 0.2, false), number(16, 4096, 16, true, ParameterKind::integer)}) {
    CHECK(slider_value(spec, 0) == spec.minimum);
    CHECK(slider_value(spec, 1) == spec.maximum);
    CHECK(slider_value(spec, -3) == spec.minimum);
    CHECK(slider_value(spec, 7) == spec.maximum);
    CHECK(slider_position(spec, spec.maximum + 1) == 1);
  }
}

TEST_CASE("slider: every place means an allowed value on the step", "[app][gui][property]") {
  const double position = GENERATE(range(0.0, 1.0, 0.0137));
  const ParameterSpec blocks = number(16, 4096, 16, true, ParameterKind::integer);
  const double block = slider_value(blocks, position);
  CAPTURE(position, block);
  CHECK(check_value(blocks, block));
  CHECK(static_cast<int>(block) % 16 == 0);

  const ParameterSpec whole = number(1, 1000000, 0, true, ParameterKind::integer);
  CHECK(check_value(whole, slider_value(whole, position)));
}

TEST_CASE("slider: values are short enough to read and to type", "[app][gui][property]") {
  const double position = GENERATE(range(0.0, 1.0, 0.0137));
  CHECK(to_string(slider_value(number(0, 1, 0.1, false), position)).size() <= 3);
  CHECK(to_string(slider_value(number(0, 1, 0, false), position)).size() <= 5);
  CHECK(to_string(slider_value(number(0.001, 10, 0, true), position)).size() <= 7);
}

TEST_CASE("slider: a value that was reached by the slider stays where it is", "[app][gui][property]") {
  const double position = GENERATE(range(0.0, 1.0, 0.0137));
  for (const ParameterSpec& spec : {number(-2, 5, 0, false), number(0.001, 10, 0, true), number(30, 80, 5, false),
                                    number(16, 4096, 16, true, ParameterKind::integer)}) {
    const double value = slider_value(spec, position);
    CHECK(slider_value(spec, slider_position(spec, value)) == Approx(value));
  }
}

TEST_CASE("slider: an arrow key always moves, down to the ends", "[app][gui][property]") {
  for (const ParameterSpec& spec :
       {number(-2, 5, 0, false), number(0.001, 10, 0, true), number(30, 80, 5, false), number(0, 3, 1, false),
        number(16, 4096, 16, true, ParameterKind::integer), number(1, 5, 0, true, ParameterKind::integer)}) {
    double value = spec.minimum;
    int presses = 0;
    while (value < spec.maximum && ++presses < 500) {
      const double next = next_value(spec, value, 1);
      CAPTURE(spec.minimum, spec.maximum, value, next);
      REQUIRE(next > value);
      REQUIRE(check_value(spec, next));
      CHECK(next_value(spec, next, -1) < next);
      value = next;
    }
    CHECK(value == spec.maximum);
    CHECK(next_value(spec, spec.maximum, 1) == spec.maximum);
    CHECK(next_value(spec, spec.minimum, -1) == spec.minimum);
  }
}

TEST_CASE("slider: a shown value has its unit, a choice its label", "[app][gui]") {
  ParameterSpec spec = number(16, 4096, 16, true, ParameterKind::integer);
  spec.unit = "values";
  CHECK(show_value(spec, 64.0, Language::en) == "64 values");

  ParameterSpec choice;
  choice.kind = ParameterKind::choice;
  choice.choices = {{"fp32", {"fp32", "fp32"}}, {"int8", {"8 bit", "8 位"}}};
  CHECK(show_value(choice, std::string("int8"), Language::zh) == "8 位");

  ParameterSpec flag;
  flag.kind = ParameterKind::flag;
  CHECK(show_value(flag, true, Language::en) == "on");
}
