#include "app/cli/device.hpp"

#include "gpu/cuda_backend.hpp"

namespace qlab::cli {

Result<std::unique_ptr<Backend>> open_backend(const Common& common) {
  if (common.device != Device::cpu) {
    auto backend = gpu::make_cuda_backend();
    if (backend || common.device == Device::gpu) return backend;
  }
  return make_cpu_backend(common.threads);
}

}  // namespace qlab::cli
