// Charts as lessons make them, one or more of every kind: what the gallery shows and the tests go through.
// SPDX-License-Identifier: MIT
#pragma once

#include <vector>

#include "core/report/chart.hpp"

namespace qlab::test {

std::vector<Chart> sample_charts();

}  // namespace qlab::test
