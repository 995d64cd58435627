// What is wrong, or odd, about a plan before anything is simulated. SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "core/base/result.hpp"
#include "core/memory/fit/footprint.hpp"

namespace qlab {

/// Things that run but are seldom meant, as one line each: a sequence longer than the model's rotary positions, targets
/// that mean no module, a rank above the side of some matrices.
/// Errors: bad_argument for a rank above every matrix it is used on, for targets that mean no module at all, and for a
/// sequence beyond a learned position table.
Result<std::vector<std::string>> check_plan(const Plan& plan);

}  // namespace qlab
