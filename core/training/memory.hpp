// The memory of a training run, every byte of it counted: weights, gradients, optimizer states, activations and
// temporaries come from one allocator, so that the peak is measured and not estimated. Freed blocks are kept for the
// next request of the same size, as CUDA's caching allocator does; what counts is what is in use.
// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <utility>
#include <vector>

namespace qlab::training {

enum class MemoryKind { weights, gradients, optimizer, activations, temporary };
inline constexpr int memory_kind_count = 5;

class Buffer;

/// Used by one thread at a time. Must outlive its buffers.
class Memory {
 public:
  using Shares = std::array<std::int64_t, memory_kind_count>;  ///< bytes by MemoryKind

  Memory() = default;
  Memory(const Memory&) = delete;
  Memory& operator=(const Memory&) = delete;
  ~Memory();

  /// `count` floats, not initialized, aligned to a cache line.
  Buffer floats(std::int64_t count, MemoryKind kind);
  Buffer zeros(std::int64_t count, MemoryKind kind);
  /// Counts bytes that lie elsewhere (packed codes), for as long as the buffer lives; it holds no floats.
  Buffer reserve(std::int64_t bytes, MemoryKind kind);

  std::int64_t live() const { return live_; }
  std::int64_t peak() const { return peak_; }
  const Shares& live_shares() const { return shares_; }
  const Shares& peak_shares() const { return peak_shares_; }  ///< what was live at the peak
  void restart_peak();                                        ///< the peak counts from now

  /// Called after every change of live(); may be empty. For plots of memory over a step.
  std::function<void(const Shares& live)> watch;

 private:
  friend class Buffer;
  void count(std::int64_t bytes, MemoryKind kind);
  void give_back(Buffer& buffer);

  std::map<std::int64_t, std::vector<float*>> unused_;  // by size in bytes
  Shares shares_{};
  Shares peak_shares_{};
  std::int64_t live_ = 0;
  std::int64_t peak_ = 0;
};

/// A run of floats that is counted while it lives. Movable; a moved-from or default buffer is empty.
class Buffer {
 public:
  Buffer() = default;
  Buffer(Buffer&& other) noexcept { swap(other); }
  Buffer& operator=(Buffer&& other) noexcept {
    Buffer(std::move(other)).swap(*this);
    return *this;
  }
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;
  ~Buffer() { release(); }

  float* data() { return data_; }
  const float* data() const { return data_; }
  std::int64_t size() const { return size_; }  ///< floats
  bool empty() const { return size_ == 0; }
  std::span<float> values() { return {data_, static_cast<std::size_t>(size_)}; }
  std::span<const float> values() const { return {data_, static_cast<std::size_t>(size_)}; }

  void release();

 private:
  friend class Memory;
  void swap(Buffer& other) noexcept;

  Memory* memory_ = nullptr;
  float* data_ = nullptr;
  std::int64_t size_ = 0;
  std::int64_t bytes_ = 0;
  MemoryKind kind_ = MemoryKind::temporary;
};

}  // namespace qlab::training
