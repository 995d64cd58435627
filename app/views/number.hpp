// Figures as people read them: sensible digits, thousands apart, never more precision than is of use. Files (JSON, CSV)
// carry the full double instead. SPDX-License-Identifier: MIT
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace qlab {

/// "0.008452", "262,144", "12", "6.74×10⁹", "∞", "–" for an undefined figure. Whole numbers below 10^15 are shown in
/// full, with commas from five digits on; others with `digits` significant digits and no trailing zeros.
std::string show_number(double number, int digits = 4);

/// The number and its unit: "4.5 bits/parameter", "12 GiB", "35 %".
std::string show_quantity(double number, const std::string& unit, int digits = 4);

/// Figures of one column, with the same number of decimals so that they can be compared down the column: about four
/// significant digits of the largest and three of the smallest. Each on its own where they span too many decades.
/// Amounts of memory and shares (unit "GiB", "%" ...) are parts of a whole: four digits of the largest are enough for
/// all, and what rounds to nothing is "<0.001".
std::vector<std::string> show_column(std::span<const double> numbers, std::string_view unit = {});

}  // namespace qlab
