// Finds the folder that holds lessons/ and assets/, from any working directory.
// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>

#include "core/base/result.hpp"

namespace qlab {

/// In this order: the environment's QLAB_DATA; share/qloralab beside the executable's bin/ (an installed program,
/// wherever it was moved to); the source tree that this program was built from. Error: not_found that names where it
/// looked; a QLAB_DATA without lessons/ is one too, never passed over.
Result<std::filesystem::path> data_root();

}  // namespace qlab
