#include "app/gui/slider.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace qlab::gui {
namespace {

/// A power of ten that a value of this slider is a whole multiple of.
double grain_near(const ParameterSpec& spec, double value) {
  const double size = spec.logarithmic ? std::abs(value) / 100 : (spec.maximum - spec.minimum) / 1000;
  return size > 0 ? std::pow(10, std::floor(std::log10(size) + 1e-9)) : 1;
}

/// `value` without the dust that a sum of decimal steps leaves, so that 0.30000000000000004 is shown and typed as 0.3.
double without_dust(double value) { return std::stod(fmt::format("{:.12g}", value)); }

double snapped(const ParameterSpec& spec, double value) {
  double step = spec.step;
  double origin = spec.minimum;
  if (step <= 0) {
    step = grain_near(spec, value);
    origin = 0;
    if (spec.kind == ParameterKind::integer) step = std::max(step, 1.0);
  }
  const double on_step = without_dust(origin + std::round((value - origin) / step) * step);
  return std::clamp(on_step, spec.minimum, spec.maximum);
}

}  // namespace

double slider_position(const ParameterSpec& spec, double value) {
  if (spec.maximum <= spec.minimum) return 0;
  const double position = spec.logarithmic ? std::log(value / spec.minimum) / std::log(spec.maximum / spec.minimum)
                                           : (value - spec.minimum) / (spec.maximum - spec.minimum);
  return std::clamp(position, 0.0, 1.0);
}

double slider_value(const ParameterSpec& spec, double position) {
  if (position <= 0) return spec.minimum;
  if (position >= 1) return spec.maximum;
  return snapped(spec, spec.logarithmic ? spec.minimum * std::pow(spec.maximum / spec.minimum, position)
                                        : spec.minimum + position * (spec.maximum - spec.minimum));
}

double next_value(const ParameterSpec& spec, double value, int direction) {
  if (spec.step > 0 && !spec.logarithmic) return snapped(spec, value + direction * spec.step);
  const double nudged = slider_value(spec, slider_position(spec, value) + direction * 0.01);
  if (nudged != value) return nudged;
  // A hundredth of the slider lies within the rounding here: go to the neighbour.
  const double least = spec.step > 0                         ? spec.step
                       : spec.kind == ParameterKind::integer ? std::max(1.0, grain_near(spec, value))
                                                             : grain_near(spec, value);
  return snapped(spec, value + direction * least);
}

}  // namespace qlab::gui
