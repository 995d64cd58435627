// NumPy's .npy files: one array of f2, f4 or f8. Read: versions 1 to 3, little endian, C order. Written: version 1, the
// bytes numpy.save writes. bfloat16 does not exist there. SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/base/result.hpp"
#include "core/tensor/tensor.hpp"

namespace qlab {

/// True if `file` begins as every .npy file does.
bool is_npy(std::span<const std::byte> file);

/// `file` is the whole file and must outlive the view, which is called `name`; `where` names the file in errors.
/// Errors: bad_file; unsupported for a type, an order of bytes or of axes that we do not read.
Result<TensorView> parse_npy(std::span<const std::byte> file, std::string name, const std::string& where);

/// The bytes before the data. `dtype` is f16 or f32.
std::string npy_header(Dtype dtype, std::span<const std::int64_t> shape);

}  // namespace qlab
