// Between a number parameter and its slider: where the knob stands for a value, and which value a knob's place means.
// Logarithmic where the lesson says so; values snap to the step, or to figures short enough to read and to type.
// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "core/experiment/parameters.hpp"

namespace qlab::gui {

/// Place of the knob, 0 (minimum) to 1 (maximum). For parameters of kind number or integer.
double slider_position(const ParameterSpec& spec, double value);

/// The value that a knob at `position` means: within the range, a whole number for integers, on the step where there is
/// one, else rounded to about a thousandth of the range (logarithmic: to three significant digits).
double slider_value(const ParameterSpec& spec, double position);

/// The next value that a key press reaches from `value`: one step up (`direction` 1) or down (-1), without a step about
/// a hundredth of the slider; at the ends the end.
double next_value(const ParameterSpec& spec, double value, int direction);

}  // namespace qlab::gui
