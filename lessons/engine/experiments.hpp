// The compiled experiments, by the name that a lesson.toml uses. Each is one experiment.cpp in its lesson's folder.
// SPDX-License-Identifier: MIT
#pragma once

#include <span>
#include <string_view>

#include "core/experiment/context.hpp"

namespace qlab::lessons {

struct NamedExperiment {
  std::string_view name;
  Experiment run;
};

std::span<const NamedExperiment> experiments();

/// nullptr if there is none of that name.
const NamedExperiment* find_experiment(std::string_view name);

}  // namespace qlab::lessons
