#include "core/base/check.hpp"

#include <cstdio>
#include <cstdlib>

namespace qlab {

// The one place in core that writes to stderr: the program is about to abort and nobody is left to hand an error to.
void check_failed(const char* condition, const char* file, int line) {
  std::fprintf(stderr, "qloralab: internal error: %s does not hold (%s:%d)\n", condition, file, line);
  std::abort();
}

}  // namespace qlab
