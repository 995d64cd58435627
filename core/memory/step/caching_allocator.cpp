#include "core/memory/step/caching_allocator.hpp"

#include <algorithm>

#include "core/base/check.hpp"

namespace qlab::step {
namespace {

constexpr std::int64_t mebibyte = 1 << 20;
constexpr std::int64_t granularity = 512;
constexpr std::int64_t largest_small = mebibyte;
constexpr std::int64_t small_segment = 2 * mebibyte;
constexpr std::int64_t large_segment = 20 * mebibyte;
constexpr std::int64_t fewest_for_own_segment = 10 * mebibyte;

constexpr std::int64_t rounded_up(std::int64_t value, std::int64_t multiple) {
  return (value + multiple - 1) / multiple * multiple;
}

std::int64_t segment_size(std::int64_t size, bool small) {
  if (small) return small_segment;
  return size < fewest_for_own_segment ? large_segment : rounded_up(size, small_segment);
}

}  // namespace

CachingAllocator::Handle CachingAllocator::new_block(Block block) {
  block.serial = next_serial_++;
  if (unused_.empty()) {
    blocks_.push_back(block);
    return static_cast<Handle>(blocks_.size() - 1);
  }
  const Handle handle = unused_.back();
  unused_.pop_back();
  blocks_[handle] = block;
  return handle;
}

void CachingAllocator::offer(Handle handle) {
  const Block& block = blocks_[handle];
  free_blocks(block.small).insert({block.size, block.serial, handle});
}

void CachingAllocator::withdraw(Handle handle) {
  const Block& block = blocks_[handle];
  free_blocks(block.small).erase({block.size, block.serial, handle});
}

CachingAllocator::Handle CachingAllocator::reserve(std::int64_t size, bool small) {
  if (!expandable_) {
    const std::int64_t bytes = segment_size(size, small);
    reserved_ += bytes;
    const Handle block = new_block({.size = bytes, .address = next_address_, .small = small});
    segments_.push_back({bytes, next_address_, block});
    next_address_ += bytes;
    return block;
  }
  // The pool's range grows at its end; a free block there is part of what is needed.
  Handle& last = small ? last_small_ : last_large_;
  const bool extends = last != none && !blocks_[last].in_use;
  const std::int64_t there = extends ? blocks_[last].size : 0;
  const std::int64_t bytes = rounded_up(size - there, small ? small_segment : large_segment);
  reserved_ += bytes;
  if (extends) {
    withdraw(last);
    blocks_[last].size += bytes;
    return last;
  }
  // Addresses of the two ranges never meet: the small one counts from a place of its own.
  const std::int64_t address = last != none ? blocks_[last].address + blocks_[last].size : small ? INT64_MAX / 2 : 0;
  const Handle block = new_block({.size = bytes, .address = address, .before = last, .small = small});
  if (last != none) blocks_[last].after = block;
  last = block;
  return block;
}

void CachingAllocator::split(Handle handle, std::int64_t size) {
  const std::int64_t rest = blocks_[handle].size - size;
  const bool small = blocks_[handle].small;
  if (small || expandable_ ? rest < granularity : rest <= largest_small) return;
  const Block whole = blocks_[handle];
  const Handle remainder = new_block(
      {.size = rest, .address = whole.address + size, .before = handle, .after = whole.after, .small = small});
  if (whole.after != none) blocks_[whole.after].before = remainder;
  blocks_[handle].size = size;
  blocks_[handle].after = remainder;
  if (last_small_ == handle) last_small_ = remainder;
  if (last_large_ == handle) last_large_ = remainder;
  offer(remainder);
}

CachingAllocator::Handle CachingAllocator::allocate(std::int64_t bytes) {
  const std::int64_t size = std::max(rounded_up(bytes, granularity), granularity);
  const bool small = size <= largest_small;
  auto& candidates = free_blocks(small);
  const auto fit = candidates.lower_bound({size, 0, 0});
  Handle handle = none;
  if (fit != candidates.end()) {
    handle = fit->block;
    candidates.erase(fit);
  } else {
    handle = reserve(size, small);
  }
  split(handle, size);
  blocks_[handle].in_use = true;
  in_use_ += blocks_[handle].size;
  peak_in_use_ = std::max(peak_in_use_, in_use_);
  return handle;
}

void CachingAllocator::free(Handle handle) {
  QLAB_CHECK(handle < blocks_.size() && blocks_[handle].in_use);
  blocks_[handle].in_use = false;
  in_use_ -= blocks_[handle].size;
  // `handle` takes in the free neighbour behind it, then the one before it takes in `handle`.
  const auto absorb = [&](Handle keeper, Handle absorbed) {
    const Block gone = blocks_[absorbed];
    blocks_[keeper].size += gone.size;
    blocks_[keeper].after = gone.after;
    if (gone.after != none) blocks_[gone.after].before = keeper;
    if (last_small_ == absorbed) last_small_ = keeper;
    if (last_large_ == absorbed) last_large_ = keeper;
    unused_.push_back(absorbed);
  };
  const Handle after = blocks_[handle].after;
  if (after != none && !blocks_[after].in_use) {
    withdraw(after);
    absorb(handle, after);
  }
  const Handle before = blocks_[handle].before;
  if (before != none && !blocks_[before].in_use) {
    withdraw(before);
    const std::uint32_t serial = blocks_[handle].serial;
    absorb(before, handle);
    blocks_[before].serial = serial;  // the freed one is what goes on
    handle = before;
  }
  offer(handle);
}

}  // namespace qlab::step
