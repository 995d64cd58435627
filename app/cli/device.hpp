// Chooses where to compute. SPDX-License-Identifier: MIT
#pragma once

#include <memory>

#include "app/cli/command.hpp"
#include "core/experiment/backend.hpp"

namespace qlab::cli {

/// --device auto: the GPU where one answers and agrees with the CPU, else the CPU; the Report's `device` names it.
/// gpu: an error says why there is none.
Result<std::unique_ptr<Backend>> open_backend(const Common& common);

}  // namespace qlab::cli
