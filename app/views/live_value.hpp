// What stands in a lesson's text for {{values.mse_nf4}} and {{parameters.block_size}}. SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/experiment/parameters.hpp"
#include "core/report/report.hpp"

namespace qlab {

/// A parameter's value as people read it: figures with unit, a choice by its label.
std::string show_value(const ParameterSpec& spec, const ParameterValue& value, Language language);

/// What a live name means; nullopt if neither Report nor parameters have it.
std::optional<std::string> live_value(const Report& report, const Parameters& parameters, std::string_view name,
                                      Language language);

}  // namespace qlab
