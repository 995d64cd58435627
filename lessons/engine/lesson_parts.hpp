// The two larger parts of a lesson.toml, for the loader only. Mistakes stick in the TomlFile (toml_reader.hpp).
// SPDX-License-Identifier: MIT
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "lessons/engine/lesson.hpp"
#include "lessons/engine/toml_reader.hpp"

namespace qlab::lessons {

bool is_snake_case(std::string_view name);  ///< a-z first, then a-z, 0-9 and _

/// [[parameters]]. `inherited`: what the built-in lesson has, which entries of the same name change; empty for a
/// built-in lesson, whose entries are complete.
std::vector<ParameterSpec> read_parameters(TomlTable& lesson, std::span<const ParameterSpec> inherited);

/// [[scenarios]] with their expectations; `parameters` are those a scenario may set.
std::vector<Scenario> read_scenarios(TomlFile& file, TomlTable& lesson, const Parameters& parameters);

}  // namespace qlab::lessons
