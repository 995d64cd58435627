// What must hold of every scene, whatever the chart: the first rule that is broken, as a sentence.
// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "app/chart/scene.hpp"

namespace qlab::test {

/// Empty when all is well: every coordinate finite and within the picture, no label cut off or on another label, hover
/// spots within the picture with something to say, no "-0", "nan" or "inf" in print.
std::string broken_rule(const chart::Scene& scene);

}  // namespace qlab::test
