// QLAB_CHECK: stops the program on what only we can do wrong (an index past its end, a parameter the lesson never had).
// SPDX-License-Identifier: MIT
#pragma once

namespace qlab {
[[noreturn]] void check_failed(const char* condition, const char* file, int line);
}

#define QLAB_CHECK(condition) \
  ((condition) ? static_cast<void>(0) : ::qlab::check_failed(#condition, __FILE__, __LINE__))
