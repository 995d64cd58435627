// Text in columns for a terminal: the width of characters (Chinese takes two cells), alignment, wrapping.
// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace qlab::views {

/// Cells that a terminal needs for `text`, which is UTF-8 without control characters.
int display_width(std::string_view text);

/// `text` with control characters and broken UTF-8 written as \xNN, so that no name can disturb the terminal.
std::string visible(std::string_view text);

/// Lines of at most `width` cells, broken at blanks, and between any two Chinese characters.
std::vector<std::string> wrapped(std::string_view text, int width);

inline constexpr int any_width = 1 << 20;

struct Columns {
  std::vector<std::vector<std::string>> rows;  ///< of equal length
  std::vector<bool> right;                     ///< flush right, a column; missing ones are flush left
};

/// Two blanks between columns, no blanks at the end of a line. A last column that is flush left wraps to stay within
/// `width` cells, where the others leave it room for a few words.
std::vector<std::string> aligned(const Columns& columns, int width = any_width);

}  // namespace qlab::views
