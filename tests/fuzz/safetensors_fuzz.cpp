// libFuzzer's entry for safetensors files.
#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "tests/fuzz/bodies.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string problem = qlab::fuzz::read_safetensors(std::as_bytes(std::span(data, size)));
  if (problem.empty()) return 0;
  std::fprintf(stderr, "%s\n", problem.c_str());
  std::abort();
}
