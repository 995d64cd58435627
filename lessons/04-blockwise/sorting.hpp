// Why blocks are cut from the tensor as it lies in memory, and not from its sorted values.
// SPDX-License-Identifier: MIT
#pragma once

#include "core/experiment/context.hpp"
#include "core/quantization/quantize.hpp"
#include "core/report/report.hpp"
#include "lessons/support/study.hpp"

namespace qlab::lessons {

/// NF4 on the tensor as it is, on the sorted tensor, and fp16: error, bits of codes and constants, bits of the order
/// that undoing the sort needs. Adds a table, a chart, values and a check of the claim that sorting comes free.
Result<Done> add_sorting(Report& report, const Study& study, int block_size, ConstantType constants, Backend& backend);

}  // namespace qlab::lessons
