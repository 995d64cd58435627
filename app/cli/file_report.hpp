// What quantize and dequantize print. SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "app/cli/command.hpp"
#include "app/cli/terminal.hpp"
#include "app/views/checkpoint.hpp"

namespace qlab::cli {

/// The report in the form that --format asks for; text, json or csv.
template <class Report>
Result<int> print_file_report(const Report& report, const Common& common) {
  std::string view;
  switch (common.format) {
    case Format::json: view = views::json(report); break;
    case Format::csv: view = views::csv(report); break;
    case Format::text:
    case Format::log: view = views::text(report, text_style(common.language)); break;
  }
  if (const auto printed = print(view); !printed) return printed.error();
  return 0;
}

}  // namespace qlab::cli
