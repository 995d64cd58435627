// What a CUDA error means to the person at the keyboard: one line, with what to do. Without CUDA headers, so that it is
// tested where there is no toolkit. SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

#include "core/base/result.hpp"

namespace qlab::gpu {

/// `code` is the runtime's number (cudaError_t), `description` its text; `doing` is what failed ("copying the tensor to
/// the GPU").
Error device_error(int code, std::string_view description, std::string_view doing);

}  // namespace qlab::gpu
