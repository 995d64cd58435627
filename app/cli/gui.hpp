// What `qloralab gui` was asked for. SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "app/cli/command.hpp"

namespace qlab::cli {

struct GuiOptions {
  std::string lesson;  ///< empty: the first
  std::vector<std::string> settings;
  std::string scenario = "default";
};

/// Opens the window and returns when it is closed. Error: unsupported in a build without one and where there is no
/// display.
Result<int> open_window(const GuiOptions& options, const Common& common);

}  // namespace qlab::cli
