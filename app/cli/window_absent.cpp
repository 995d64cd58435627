// A build without the window (QLAB_GUI=OFF).
#include "app/cli/gui.hpp"

namespace qlab::cli {

Result<int> open_window(const GuiOptions&, const Common&) {
  return Error{Errc::unsupported, "this build has no window", "qloralab gui",
               "use qloralab lessons, run or check, which need none"};
}

}  // namespace qlab::cli
