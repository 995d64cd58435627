// One way to use several threads: a fixed partition of [0, count) whose pieces do not depend on the number of threads,
// so that whoever sums per piece and then over pieces in order gets the same bits everywhere.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>

namespace qlab {

/// Calls body(first, last) for the pieces [0, grain), [grain, 2 grain) ... of [0, count), on up to `threads` threads
/// (the calling one included; 0 means all processors). Returns when every piece is done. body must not throw.
void for_each_piece(std::int64_t count, std::int64_t grain, int threads,
                    const std::function<void(std::int64_t first, std::int64_t last)>& body);

/// The number of threads that `threads` asks for: itself, or the number of processors when it is 0.
int resolve_threads(int threads);

}  // namespace qlab
