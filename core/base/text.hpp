// A text in the languages of the laboratory. Reports carry both, so switching the language computes nothing again.
// SPDX-License-Identifier: MIT
#pragma once

#include <string>

namespace qlab {

enum class Language { en, zh };  ///< zh is Simplified Chinese

struct Text {
  std::string en;
  std::string zh;

  const std::string& in(Language language) const { return language == Language::zh && !zh.empty() ? zh : en; }
  bool empty() const { return en.empty() && zh.empty(); }
};

}  // namespace qlab
