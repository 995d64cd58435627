// Quoting for a POSIX shell. SPDX-License-Identifier: MIT
#pragma once

#include <string>

namespace qlab::lessons {

/// A word that a shell reads as `word`: as it is, in single quotes, or as $'...' where it has control characters.
std::string shell_quoted(const std::string& word);

}  // namespace qlab::lessons
