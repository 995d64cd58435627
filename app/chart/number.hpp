// Numbers as a textbook prints them: a real minus sign, thousands apart, powers of ten as superscripts, never "-0".
// SPDX-License-Identifier: MIT
#pragma once

#include <string>

namespace qlab::chart {

/// Fixed decimals; `grouped` sets commas between thousands.
std::string plain(double value, int decimals, bool grouped);

/// "10⁻⁹".
std::string power_of_ten(int exponent);

/// The value to `digits` significant digits without trailing zeros: plain between 0.001 and ten million (commas from
/// 10,000 on), else "1.234×10⁻⁹"; "∞", "−∞" and "–" for what is no number.
std::string figure(double value, int digits);

/// A figure with its unit: "12.5 GiB", "35 %".
std::string with_unit(const std::string& number, const std::string& unit);

}  // namespace qlab::chart
