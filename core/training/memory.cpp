#include "core/training/memory.hpp"

#include <algorithm>
#include <new>

#include "core/base/check.hpp"

namespace qlab::training {
namespace {

constexpr std::align_val_t line{64};

}  // namespace

Memory::~Memory() {
  QLAB_CHECK(live_ == 0);
  for (auto& [size, blocks] : unused_) {
    for (float* block : blocks) ::operator delete(block, line);
  }
}

Buffer Memory::floats(std::int64_t count, MemoryKind kind) {
  Buffer buffer = reserve(count * static_cast<std::int64_t>(sizeof(float)), kind);
  std::vector<float*>& blocks = unused_[buffer.bytes_];
  if (blocks.empty()) {
    buffer.data_ = static_cast<float*>(::operator new(static_cast<std::size_t>(buffer.bytes_), line));
  } else {
    buffer.data_ = blocks.back();
    blocks.pop_back();
  }
  buffer.size_ = count;
  return buffer;
}

Buffer Memory::zeros(std::int64_t count, MemoryKind kind) {
  Buffer buffer = floats(count, kind);
  std::ranges::fill(buffer.values(), 0.0F);
  return buffer;
}

Buffer Memory::reserve(std::int64_t bytes, MemoryKind kind) {
  Buffer buffer;
  buffer.memory_ = this;
  buffer.bytes_ = bytes;
  buffer.kind_ = kind;
  count(bytes, kind);
  return buffer;
}

void Memory::restart_peak() {
  peak_ = live_;
  peak_shares_ = shares_;
}

void Memory::count(std::int64_t bytes, MemoryKind kind) {
  live_ += bytes;
  shares_[static_cast<std::size_t>(kind)] += bytes;
  if (live_ > peak_) restart_peak();
  if (watch) watch(shares_);
}

void Memory::give_back(Buffer& buffer) {
  if (buffer.data_ != nullptr) unused_[buffer.bytes_].push_back(buffer.data_);
  count(-buffer.bytes_, buffer.kind_);
}

void Buffer::release() {
  if (memory_ != nullptr) memory_->give_back(*this);
  memory_ = nullptr;
  data_ = nullptr;
  size_ = 0;
  bytes_ = 0;
}

void Buffer::swap(Buffer& other) noexcept {
  std::swap(memory_, other.memory_);
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  std::swap(bytes_, other.bytes_);
  std::swap(kind_, other.kind_);
}

}  // namespace qlab::training
