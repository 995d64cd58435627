// What `check` found as JUnit XML, as Jenkins, GitLab and GitHub read it: a testsuite a lesson, a testcase a scenario
// ("SCENARIO: runs") and a check. Always English, no dates. SPDX-License-Identifier: MIT
#pragma once

#include <span>
#include <string>

#include "app/views/judged.hpp"

namespace qlab::views {

/// `scenarios` in the order of their lessons.
std::string junit(std::span<const JudgedScenario> scenarios);

}  // namespace qlab::views
