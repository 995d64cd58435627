// The CUDA backend: memory, launches and the order of work. What a kernel computes is in kernels/.
#include "gpu/cuda_backend.hpp"

#include <cuda_runtime.h>

#include <algorithm>
#include <bit>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/quantization/decode.hpp"
#include "core/quantization/encode.hpp"
#include "core/quantization/error_figures.hpp"
#include "gpu/device_error.hpp"
#include "gpu/kernels/decode.hpp"
#include "gpu/kernels/encode.hpp"
#include "gpu/kernels/figures.hpp"
#include "gpu/kernels/generate.hpp"
#include "gpu/launch.hpp"
#include "gpu/self_check.hpp"
#include "gpu/team.hpp"

namespace qlab::gpu {
namespace {

// The numbers that device_error.cpp knows.
static_assert(cudaErrorMemoryAllocation == 2);
static_assert(cudaErrorInsufficientDriver == 35 && cudaErrorDevicesUnavailable == 46 && cudaErrorNoDevice == 100);
static_assert(cudaErrorNoKernelImageForDevice == 209 && cudaErrorECCUncorrectable == 214);
static_assert(cudaErrorUnsupportedPtxVersion == 222 && cudaErrorIllegalAddress == 700);
static_assert(cudaErrorLaunchTimeout == 702 && cudaErrorLaunchFailure == 719 && cudaErrorSystemNotReady == 802);

/// A tensor goes over in pieces of so many values, so that one larger than the GPU's memory is no error.
constexpr std::int64_t piece_values = std::int64_t{1} << 26;

Result<Done> check(cudaError_t code, const char* doing) {
  if (code == cudaSuccess) return Done{};
  (void)cudaGetLastError();  // an error that can be overcome must not be reported again by the next call
  return device_error(static_cast<int>(code), cudaGetErrorString(code), doing);
}

/// Memory on the GPU that grows to what is asked and is used again.
template <class T>
class DeviceArray {
 public:
  DeviceArray() = default;
  DeviceArray(const DeviceArray&) = delete;
  DeviceArray& operator=(const DeviceArray&) = delete;
  ~DeviceArray() { (void)cudaFree(data_); }

  T* data() const { return data_; }

  Result<Done> reserve(std::size_t count) {
    if (count <= capacity_) return Done{};
    (void)cudaFree(data_);
    data_ = nullptr;
    capacity_ = 0;
    void* taken = nullptr;
    if (auto done = check(cudaMalloc(&taken, count * sizeof(T)), "taking memory"); !done) return done;
    data_ = static_cast<T*>(taken);
    capacity_ = count;
    return Done{};
  }
  Result<Done> upload(const T* from, std::size_t count) {
    if (auto done = reserve(count); !done) return done;
    return check(cudaMemcpy(data_, from, count * sizeof(T), cudaMemcpyHostToDevice), "copying to the GPU");
  }
  Result<Done> download(T* to, std::size_t count) const {
    return check(cudaMemcpy(to, data_, count * sizeof(T), cudaMemcpyDeviceToHost), "copying from the GPU");
  }

 private:
  T* data_ = nullptr;
  std::size_t capacity_ = 0;
};

/// What a task returns besides what it writes: nothing, or a number of which the largest is wanted.
template <int lanes, class Task>
__global__ void run_tasks(Task task, std::int64_t tasks, std::uint32_t* largest) {
  const Lanes<lanes> team;
  const std::int64_t teams = std::int64_t{gridDim.x} * (blockDim.x / lanes);
  std::uint32_t seen = 0;
  for (std::int64_t i = (std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x) / lanes; i < tasks; i += teams) {
    if constexpr (std::is_void_v<decltype(task(team, i))>) {
      task(team, i);
    } else {
      const std::uint32_t found = task(team, i);
      seen = found > seen ? found : seen;
    }
  }
  if (seen != 0) atomicMax(largest, seen);
}

class CudaBackend final : public Backend {
 public:
  CudaBackend(std::string name, int multiprocessors) : name_(std::move(name)), multiprocessors_(multiprocessors) {}

  std::string name() const override { return name_; }

  Result<Done> generate(const GeneratorSpec& spec, std::int64_t first, std::span<float> out) override {
    if (auto done = check_generator(spec); !done) return done;
    return visit_element(spec, [&](const auto& element) { return generate_elements(element, first, out); });
  }

  Result<QuantizedTensor> quantize(std::span<const float> values, const QuantizeSettings& settings) override {
    QuantizedTensor tensor;
    const auto encode = [this](const EncodePlan& plan, std::span<const float> all, const EncodedBlocks& out) {
      return encode_all(plan, all, out);
    };
    if (auto done = quantize_with(encode, values, settings, 1, tensor); !done) return done.error();
    return tensor;
  }

  Result<Done> dequantize(const QuantizedTensor& tensor, std::span<float> out) override {
    return dequantize_with([this](const DecodePlan& plan, std::span<float> all) { return decode_all(plan, all); },
                           tensor, out);
  }

  Result<ErrorFigures> error_figures(std::span<const float> original, std::span<const float> decoded) override {
    if (auto done = check_compared(original, decoded); !done) return done.error();
    body::FigureSums total;
    for (std::int64_t first = 0; first < std::ssize(original); first += piece_values) {
      const std::int64_t n = std::min(piece_values, std::ssize(original) - first);
      if (auto done = add_figures(original.data() + first, decoded.data() + first, n, total); !done) {
        return done.error();
      }
    }
    return figures_of(total, std::ssize(original));
  }

 private:
  template <int lanes, class Task>
  Result<Done> launch(const Task& task, std::int64_t tasks, const char* doing) {
    const LaunchShape shape = launch_shape(tasks, lanes, multiprocessors_);
    if (shape.blocks == 0) return Done{};
    run_tasks<lanes><<<shape.blocks, shape.threads>>>(task, tasks, largest_.data());
    if (auto done = check(cudaGetLastError(), doing); !done) return done;
    return check(cudaDeviceSynchronize(), doing);
  }

  template <class ElementFunction>
  Result<Done> generate_elements(const ElementFunction& element, std::int64_t first, std::span<float> out) {
    for (std::int64_t done_so_far = 0; done_so_far < std::ssize(out); done_so_far += piece_values) {
      const std::int64_t n = std::min(piece_values, std::ssize(out) - done_so_far);
      if (auto done = values_.reserve(n); !done) return done;
      const GenerateElement<ElementFunction> task{element, first + done_so_far, values_.data()};
      if (auto done = launch<1>(task, n, "generating a tensor"); !done) return done;
      if (auto done = values_.download(out.data() + done_so_far, n); !done) return done;
    }
    return Done{};
  }

  Result<std::uint32_t> encode_all(const EncodePlan& plan, std::span<const float> values, const EncodedBlocks& out) {
    EncodeTables tables{plan.bits,
                        plan.block_size,
                        plan.code_rule,
                        plan.scale_rule,
                        plan.zero_code,
                        plan.short_block_divides,
                        static_cast<int>(plan.bounds.size()),
                        nullptr,
                        nullptr,
                        nullptr};
    if (auto done = levels_.upload(plan.bounds.data(), plan.bounds.size()); !done) return done.error();
    if (auto done = codes_of_rank_.upload(plan.code_of_rank.data(), plan.code_of_rank.size()); !done) {
      return done.error();
    }
    tables.bounds = levels_.data();
    tables.code_of_rank = codes_of_rank_.data();
    if (!plan.library_codes.empty()) {
      if (auto done = library_codes_.upload(plan.library_codes.data(), plan.library_codes.size()); !done) {
        return done.error();
      }
      tables.library_codes = library_codes_.data();
    }
    const std::uint32_t none = 0;
    if (auto done = largest_.upload(&none, 1); !done) return done.error();
    const std::int64_t stripe = std::int64_t{8} * plan.block_size;
    const std::int64_t piece = std::max<std::int64_t>(1, piece_values / stripe) * stripe;
    for (std::int64_t first = 0; first < std::ssize(values); first += piece) {
      const std::int64_t n = std::min(piece, std::ssize(values) - first);
      if (auto done =
              encode_piece(plan, tables, values.data() + first, n, out.from_block(first / plan.block_size, plan));
          !done) {
        return done.error();
      }
    }
    std::uint32_t largest = 0;
    if (auto done = largest_.download(&largest, 1); !done) return done.error();
    return largest;
  }

  Result<Done> encode_piece(const EncodePlan& plan, const EncodeTables& tables, const float* values, std::int64_t n,
                            const EncodedBlocks& out) {
    const std::int64_t blocks = (n + plan.block_size - 1) / plan.block_size;
    const std::int64_t bytes = (n * plan.bits + 7) / 8;
    const std::int64_t zero_point_bytes = (blocks * plan.bits + 7) / 8;
    if (auto done = values_.upload(values, n); !done) return done;
    if (auto done = packed_.reserve(bytes); !done) return done;
    if (auto done = scale_.reserve(blocks); !done) return done;
    EncodedBlocks there;
    there.packed = packed_.data();
    there.scale = scale_.data();
    if (out.minimum != nullptr) {
      if (auto done = minimum_.reserve(blocks); !done) return done;
      there.minimum = minimum_.data();
    }
    if (out.zero_points != nullptr) {
      if (auto done = zero_points_.reserve(zero_point_bytes); !done) return done;
      there.zero_points = zero_points_.data();
    }
    const int in_stripe = stripe_blocks(plan);
    const Result<Done> encoded =
        in_stripe == 1 ? run_encode(EncodeStripe<1, float>{tables, values_.data(), n, there}, blocks)
                       : run_encode(EncodeStripe<8, float>{tables, values_.data(), n, there}, (blocks + 7) / 8);
    if (!encoded) return encoded;
    if (auto done = packed_.download(out.packed, bytes); !done) return done;
    if (auto done = scale_.download(out.scale, blocks); !done) return done;
    if (out.minimum != nullptr) {
      if (auto done = minimum_.download(out.minimum, blocks); !done) return done;
    }
    if (out.zero_points != nullptr) return zero_points_.download(out.zero_points, zero_point_bytes);
    return Done{};
  }

  template <class Task>
  Result<Done> run_encode(const Task& task, std::int64_t stripes) {
    switch (team_size_for(task.tables.block_size)) {
      case 2: return launch<2>(task, stripes, "quantizing");
      case 4: return launch<4>(task, stripes, "quantizing");
      case 8: return launch<8>(task, stripes, "quantizing");
      case 16: return launch<16>(task, stripes, "quantizing");
      default: return launch<32>(task, stripes, "quantizing");
    }
  }

  Result<Done> decode_all(const DecodePlan& plan, std::span<float> out) {
    if (auto done = levels_.upload(plan.levels.data(), plan.levels.size()); !done) return done;
    const std::int64_t stripe = std::int64_t{8} * plan.block_size;
    const std::int64_t piece = std::max<std::int64_t>(1, piece_values / stripe) * stripe;
    for (std::int64_t first = 0; first < std::ssize(out); first += piece) {
      const std::int64_t n = std::min(piece, std::ssize(out) - first);
      const std::int64_t first_block = first / plan.block_size;
      const std::int64_t blocks = (n + plan.block_size - 1) / plan.block_size;
      if (auto done = packed_.upload(plan.packed + first * plan.bits / 8, (n * plan.bits + 7) / 8); !done) return done;
      if (auto done = scale_.upload(plan.scale + first_block, blocks); !done) return done;
      DecodeTables tables{plan.bits, plan.block_size, levels_.data(), packed_.data(), scale_.data(), nullptr, nullptr};
      if (plan.minimum != nullptr) {
        if (auto done = minimum_.upload(plan.minimum + first_block, blocks); !done) return done;
        tables.minimum = minimum_.data();
      }
      if (plan.zero_points != nullptr) {
        const std::int64_t bytes = (blocks * plan.bits + 7) / 8;
        if (auto done = zero_points_.upload(plan.zero_points + first_block * plan.bits / 8, bytes); !done) return done;
        tables.zero_points = zero_points_.data();
      }
      if (auto done = values_.reserve(n); !done) return done;
      const DecodeOctet<float> task{tables, values_.data(), n};
      if (auto done = launch<1>(task, (n + octet - 1) / octet, "dequantizing"); !done) return done;
      if (auto done = values_.download(out.data() + first, n); !done) return done;
    }
    return Done{};
  }

  /// Of a piece that begins where a piece of the figures does.
  Result<Done> add_figures(const float* original, const float* decoded, std::int64_t n, body::FigureSums& total) {
    static_assert(piece_values % body::figure_piece == 0);
    const std::int64_t pieces = (n + body::figure_piece - 1) / body::figure_piece;
    if (auto done = values_.upload(original, n); !done) return done;
    if (auto done = other_values_.upload(decoded, n); !done) return done;
    if (auto done = lane_sums_.reserve(pieces * body::figure_lanes); !done) return done;
    if (auto done = piece_sums_.reserve(pieces); !done) return done;
    const FigureLanes lanes{values_.data(), other_values_.data(), n, lane_sums_.data()};
    if (auto done = launch<1>(lanes, pieces * body::figure_lanes, "measuring errors"); !done) return done;
    if (auto done = launch<1>(FigurePiece{lane_sums_.data(), piece_sums_.data()}, pieces, "measuring errors"); !done) {
      return done;
    }
    std::vector<body::FigureSums> sums(pieces);
    if (auto done = piece_sums_.download(sums.data(), sums.size()); !done) return done;
    for (const body::FigureSums& piece : sums) total.add(piece);
    return Done{};
  }

  std::string name_;
  int multiprocessors_;
  DeviceArray<float> values_, other_values_, levels_, scale_, minimum_;
  DeviceArray<std::uint8_t> packed_, zero_points_, codes_of_rank_, library_codes_;
  DeviceArray<std::uint32_t> largest_;
  DeviceArray<body::FigureSums> lane_sums_, piece_sums_;
};

}  // namespace

Result<std::unique_ptr<Backend>> make_cuda_backend() {
  constexpr int device = 0;
  int count = 0;
  if (auto done = check(cudaGetDeviceCount(&count), "looking for a GPU"); !done) return done.error();
  if (count == 0) return device_error(cudaErrorNoDevice, "", "looking for a GPU");
  if (auto done = check(cudaSetDevice(device), "opening the GPU"); !done) return done.error();
  cudaDeviceProp properties{};
  if (auto done = check(cudaGetDeviceProperties(&properties, device), "asking the GPU"); !done) return done.error();
  std::unique_ptr<Backend> backend = std::make_unique<CudaBackend>(
      "cuda:" + std::to_string(device) + " " + properties.name, properties.multiProcessorCount);
  if (auto done = check_against_cpu(*backend); !done) return done.error();
  return {std::move(backend)};
}

}  // namespace qlab::gpu
