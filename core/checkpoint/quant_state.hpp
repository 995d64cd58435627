// The JSON text beside a quantized tensor, in the very bytes that Python's json.dumps makes of bitsandbytes' state.
// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

#include "core/base/result.hpp"
#include "core/checkpoint/stored_tensor.hpp"

namespace qlab {

/// A double as Python's repr() writes it: the shortest digits that read back, "1.0", "1e-05", "NaN".
std::string python_repr(double number);

/// {"quant_type": "nf4", "blocksize": 64, "dtype": "float16", "shape": [64, 176]} and, with double quantization,
/// "nested_blocksize", "nested_dtype", "nested_offset" (and "minimum_nested_offset" for formats with a minimum).
std::string quant_state_text(const StoredTensor& tensor);

/// The opposite; everything but the name. `type` is the format that the state's own name tells. Error: bad_file,
/// without a place.
Result<StoredTensor> parse_quant_state(std::string_view text, std::string_view type);

}  // namespace qlab
