// Standard output and error, and the terminal behind them if there is one.
// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <string_view>

#include "app/views/text.hpp"
#include "core/base/result.hpp"

namespace qlab::cli {

/// Writes all of `text` to standard output. Error: io, on a full disk for example.
Result<Done> print(std::string_view text);

/// Language, the terminal's width, and colour where standard output is a terminal and NO_COLOR is not set.
views::TextStyle text_style(Language language);

/// A progress bar on standard error while it lives; an empty function where that is no terminal.
class ProgressBar {
 public:
  ProgressBar();
  ~ProgressBar();
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;

  std::function<void(double fraction)> sink();

 private:
  bool terminal_;
  int shown_percent_ = -1;
};

}  // namespace qlab::cli
