// Which sets of kernels were built and which of them this processor runs.
#include "core/training/kernels/kernel_sets.hpp"

#include <array>

#include "core/base/instruction_set.hpp"

namespace qlab::kernels {

namespace portable {
extern const ProductKernels product_kernels;
extern const RowKernels row_kernels;
}  // namespace portable
#if defined(__x86_64__)
namespace avx2 {
extern const ProductKernels product_kernels;
extern const RowKernels row_kernels;
}  // namespace avx2
namespace avx512 {
extern const ProductKernels product_kernels;
extern const RowKernels row_kernels;
}  // namespace avx512
#endif

std::span<const KernelSet> kernel_sets() {
#if defined(__x86_64__)
  static const std::array<KernelSet, 3> sets = {{{"portable", portable::product_kernels, portable::row_kernels},
                                                 {"avx2", avx2::product_kernels, avx2::row_kernels},
                                                 {"avx512", avx512::product_kernels, avx512::row_kernels}}};
  const bool has_fma = __builtin_cpu_supports("fma") != 0;
  const std::size_t usable = !has_avx2() || !has_fma ? 1 : has_avx512() ? 3 : 2;
  return std::span(sets).first(usable);
#else
  static const std::array<KernelSet, 1> sets = {{{"portable", portable::product_kernels, portable::row_kernels}}};
  return sets;
#endif
}

}  // namespace qlab::kernels
