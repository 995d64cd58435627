// What `quantize` and `dequantize` did to a file, as text, JSON (format_version 1, names as the contract has them) and
// CSV. SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "app/views/text.hpp"
#include "core/checkpoint/dequantize_file.hpp"
#include "core/checkpoint/quantize_file.hpp"

namespace qlab::views {

std::string json(const QuantizeFileReport& report);
std::string csv(const QuantizeFileReport& report);
std::string text(const QuantizeFileReport& report, const TextStyle& style);

std::string json(const DequantizeFileReport& report);
std::string csv(const DequantizeFileReport& report);
std::string text(const DequantizeFileReport& report, const TextStyle& style);

}  // namespace qlab::views
