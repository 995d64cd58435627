// Units with their names: GB is 1e9 bytes, GiB is 2^30 bytes, and every figure says which.
// SPDX-License-Identifier: MIT
#pragma once

namespace qlab {

inline constexpr double bytes_per_GB = 1e9;
inline constexpr double bytes_per_GiB = 1024.0 * 1024.0 * 1024.0;

}  // namespace qlab
