// Whether a backend gives the CPU's bytes. SPDX-License-Identifier: MIT
#pragma once

#include "core/experiment/backend.hpp"

namespace qlab::gpu {

/// Quantizes, dequantizes and measures small generated tensors (every scale rule, codes of 3, 4 and 8 bits, blocks that
/// fill whole bytes and blocks that do not, a short last block) with `backend` and with the CPU. Errors: unsupported
/// that names the first format that differs; those of the backend.
Result<Done> check_against_cpu(Backend& backend);

}  // namespace qlab::gpu
