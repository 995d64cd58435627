// Finds the system's font files through fontconfig, and which of their characters they hold.
// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/base/result.hpp"

namespace qlab::gui {

struct FontFile {
  std::filesystem::path path;
  int index = 0;                      ///< face within a collection
  double line_height = 1;             ///< ascender to descender, in em
  std::vector<char32_t> code_points;  ///< of those that were asked for, what this file draws; ascending
};

enum class Look { regular, bold, italic, mono };

/// The files that draw all of `code_points` in a look, the preferred family first: each character is drawn by the first
/// file that has it. Characters that no installed font has are in none of them. Error: not_found if there is no font.
Result<std::vector<FontFile>> find_fonts(Look look, const std::vector<char32_t>& code_points);

}  // namespace qlab::gui
