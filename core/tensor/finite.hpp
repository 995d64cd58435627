// Where the first NaN or infinity of a tensor is. SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <optional>
#include <span>

namespace qlab {

/// Index of the first value that is NaN or infinite; nothing if all are finite.
std::optional<std::size_t> find_nonfinite(std::span<const float> values);

/// "NaN", "infinity" or "-infinity".
const char* name_of_nonfinite(float value);

}  // namespace qlab
