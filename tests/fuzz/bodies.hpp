// What the fuzzers feed their inputs to. Each body reads a file's bytes as the program does, uses everything that was
// accepted, and returns what does not hold (empty: all does), so that a test can run it over the corpus too.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <span>
#include <string>

namespace qlab::fuzz {

std::string read_safetensors(std::span<const std::byte> file);
std::string read_npy(std::span<const std::byte> file);

}  // namespace qlab::fuzz
