// Stands in for cuda_backend.cu in a build without the CUDA toolkit.
#include "gpu/cuda_backend.hpp"

namespace qlab::gpu {

Result<std::unique_ptr<Backend>> make_cuda_backend() {
  return Error{Errc::unsupported, "this build has no code for GPUs", "",
               "build it where the CUDA toolkit is installed, or use --device cpu"};
}

}  // namespace qlab::gpu
