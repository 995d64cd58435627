// Tables and charts as CSV (RFC 4180 with plain line feeds): names in the first row, numbers in full, nothing for an
// empty cell. SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "core/report/report.hpp"

namespace qlab::views {

std::string csv(const Table& table, Language language);

/// The chart's data. Lines and marks: series, x, y. Bars: the category, then a column a series. Areas: x,
/// then a column a series. Histogram: bin_start,
/// bin_end, then a column a series. Heat map: x, y, z. Timeline: series, lane, start, end.
std::string csv(const Chart& chart, Language language);

/// Every table of a Report. A single one is plain CSV; several are set apart by an empty line and begin with "# NAME".
std::string csv_of_tables(const Report& report, Language language);

}  // namespace qlab::views
