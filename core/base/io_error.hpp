// What the system said about a file, as one of our errors. SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>

#include "core/base/result.hpp"

namespace qlab {

/// `error_number` is errno as it was right after the call; `doing` completes "cannot ...": "open the file".
Error io_error(int error_number, const char* doing, const std::filesystem::path& path);

}  // namespace qlab
