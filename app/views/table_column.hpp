// One column of a table as people read it. SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "core/report/report.hpp"

namespace qlab::views {

struct ShownColumn {
  std::vector<std::string> cells;  ///< top to bottom
  bool right = true;               ///< no cell is a text: flush right
};

/// The first `most_rows` cells: figures by show_column(), texts in `language`, nothing as a dash.
ShownColumn shown_column(const Table& table, std::size_t column, Language language, std::size_t most_rows);

}  // namespace qlab::views
