// The CUDA backend: the same kernel bodies as the CPU's over a grid, the same bits. Part of every build; where the
// toolkit was absent, it says so. SPDX-License-Identifier: MIT
#pragma once

#include <memory>

#include "core/experiment/backend.hpp"

namespace qlab::gpu {

/// The backend on the first GPU. Before it is handed out it has quantized, dequantized, compared and generated a small
/// tensor of every kind and agreed with the CPU byte for byte. Errors: unsupported for a build without CUDA, no driver,
/// no GPU, a GPU that this build has no code for, and a GPU that does not agree.
Result<std::unique_ptr<Backend>> make_cuda_backend();

}  // namespace qlab::gpu
