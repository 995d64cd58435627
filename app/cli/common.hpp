// Reads the options that all commands share. SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "app/cli/command.hpp"

namespace qlab::cli {

/// As typed, before they are checked.
struct TypedCommon {
  std::string language = "en", theme = "light", device = "auto", format = "text", threads = "0", seed, lessons;
};

void declare_common(CLI::App& options, TypedCommon& typed);

/// Error: bad_argument that lists what the option takes.
Result<Common> read_common(const TypedCommon& typed);

}  // namespace qlab::cli
