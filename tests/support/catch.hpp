// One include for both Catch2 generations: 2.13 has a single header, 3.x several.
// SPDX-License-Identifier: MIT
#pragma once

#if __has_include(<catch2/catch_all.hpp>)
#include <catch2/catch_all.hpp>
using Catch::Approx;  // NOLINT: 2.13 has it in the global namespace
#else
#include <catch2/catch.hpp>
#endif
