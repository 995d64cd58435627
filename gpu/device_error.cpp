#include "gpu/device_error.hpp"

#include <fmt/format.h>

#include <array>

namespace qlab::gpu {
namespace {

struct Meaning {
  int code;
  const char* what;
  const char* hint;
};

// Numbers of the CUDA runtime's cudaError_t, which are part of its ABI; cuda_backend.cu asserts that they are right.
constexpr std::array<Meaning, 11> meanings{{
    {2, "the GPU is out of memory", "close what else uses it, take a smaller tensor, or use --device cpu"},
    {35, "the GPU's driver is missing or too old for this program", "install a newer driver, or use --device cpu"},
    {46, "all GPUs are busy or reserved for others", "wait, or use --device cpu"},
    {100, "no NVIDIA GPU is present", "use --device cpu"},
    {209, "this program has no code for that GPU", "build it with the GPU's architecture in CMAKE_CUDA_ARCHITECTURES"},
    {214, "the GPU's memory has an error that could not be corrected", "check the GPU, or use --device cpu"},
    {222, "the GPU's driver is too old for this program's code", "install a newer driver, or use --device cpu"},
    {700, "a GPU kernel read or wrote where it must not", "report it, and use --device cpu"},
    {702, "a GPU kernel was stopped because it took too long", "use a GPU that drives no display, or --device cpu"},
    {719, "a GPU kernel failed", "report it, and use --device cpu"},
    {802, "the GPU is not ready", "wait for its system software, or use --device cpu"},
}};

}  // namespace

Error device_error(int code, std::string_view description, std::string_view doing) {
  for (const Meaning& meaning : meanings) {
    if (meaning.code == code) return {Errc::unsupported, meaning.what, std::string(doing), meaning.hint};
  }
  return {Errc::unsupported, fmt::format("the GPU failed: {} (CUDA error {})", description, code), std::string(doing),
          "use --device cpu"};
}

}  // namespace qlab::gpu
