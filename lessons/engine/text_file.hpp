// Reads the small text files of a lesson. SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <string>

#include "core/base/result.hpp"

namespace qlab::lessons {

/// The whole of a UTF-8 text file. Errors: not_found; io if it cannot be read; bad_file with the line of the first byte
/// that is not UTF-8.
Result<std::string> read_text_file(const std::filesystem::path& path);

}  // namespace qlab::lessons
