// The characters that the window must be able to draw: collected from every text it shows, so that the font atlas holds
// them and no others. SPDX-License-Identifier: MIT
#pragma once

#include <bitset>
#include <string_view>
#include <vector>

#include "core/report/report.hpp"
#include "lessons/engine/lesson.hpp"

namespace qlab::gui {

class CodePoints {
 public:
  /// Latin with accents, Greek, and the signs that figures are made of.
  CodePoints();

  /// Returns whether the text holds a character that was not there before. Control characters and characters past
  /// U+FFFF, which Dear ImGui's 16-bit fonts do not hold, are left out.
  bool add(std::string_view utf8);
  bool add(const Text& text);
  bool add(const lessons::Lesson& lesson);
  bool add(const Report& report);

  bool contains(char32_t code) const { return code < set_.size() && set_[code]; }
  std::vector<char32_t> all() const;  ///< ascending

 private:
  std::bitset<0x10000> set_;
};

}  // namespace qlab::gui
