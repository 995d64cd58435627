// A model of PyTorch's CUDA caching allocator: which blocks it hands out, splits, merges and keeps, so that the memory
// it has reserved from the driver is known beside the memory that tensors use. Source: the allocator's documented rules
// (c10/cuda/CUDACachingAllocator): sizes in multiples of 512 bytes; requests of up to 1 MiB from segments of 2 MiB, of
// less than 10 MiB from segments of 20 MiB, larger ones from segments of their own in multiples of 2 MiB; best fit; a
// rest is split off where it is worth it; neighbours that are free are merged. Of blocks that fit equally well PyTorch
// takes the one of lowest address, so it depends on where the driver puts the segments; here it is the oldest. Left
// out: streams, the release of cached segments when the device is full, and fragmentation across devices.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <set>
#include <vector>

namespace qlab::step {

class CachingAllocator {
 public:
  /// Names a block that is in use.
  using Handle = std::uint32_t;

  /// With `expandable` segments, as PYTORCH_CUDA_ALLOC_CONF's expandable_segments:True has them, each pool is one range
  /// that grows by pages of 2 MiB (small) or 20 MiB (large).
  explicit CachingAllocator(bool expandable = false) : expandable_(expandable) {}

  Handle allocate(std::int64_t bytes);
  void free(Handle block);

  /// A block of a segment, in use or not.
  struct Block {
    std::int64_t size = 0;
    std::int64_t address = 0;  ///< segments lie behind one another from 0 on
    Handle before = none;      ///< its neighbours in the segment
    Handle after = none;
    std::uint32_t serial = 0;  ///< the order in which blocks came to be
    bool small = false;
    bool in_use = false;
  };
  static constexpr Handle none = UINT32_MAX;
  const Block& block(Handle handle) const { return blocks_[handle]; }

  /// Memory taken from the driver in one piece; its blocks follow one another from `first` on.
  struct Segment {
    std::int64_t size = 0;
    std::int64_t address = 0;
    Handle first = none;
  };
  const std::vector<Segment>& segments() const { return segments_; }  ///< not with expandable segments

  std::int64_t reserved_bytes() const { return reserved_; }
  std::int64_t peak_reserved_bytes() const { return reserved_; }  ///< nothing is ever given back
  /// Blocks in use, with the rests that were not worth splitting off: what torch.cuda.memory_allocated counts.
  std::int64_t block_bytes() const { return in_use_; }
  std::int64_t peak_block_bytes() const { return peak_in_use_; }

 private:
  struct FreeBlock {  ///< best fit: the smallest, and of those the oldest
    std::int64_t size;
    std::uint32_t serial;
    Handle block;
    bool operator<(const FreeBlock& other) const {
      return size != other.size ? size < other.size : serial < other.serial;
    }
  };

  std::set<FreeBlock>& free_blocks(bool small) { return small ? free_small_ : free_large_; }
  Handle new_block(Block block);
  void offer(Handle block);     ///< puts it among the free ones
  void withdraw(Handle block);  ///< and takes it from there
  Handle reserve(std::int64_t size, bool small);
  void split(Handle block, std::int64_t size);

  bool expandable_;
  std::vector<Block> blocks_;
  std::vector<Handle> unused_;  ///< entries of blocks_ to use again
  std::set<FreeBlock> free_small_, free_large_;
  Handle last_small_ = none;  ///< the end of each pool's range, with expandable segments
  Handle last_large_ = none;
  std::vector<Segment> segments_;
  std::uint32_t next_serial_ = 0;
  std::int64_t next_address_ = 0;
  std::int64_t reserved_ = 0;
  std::int64_t in_use_ = 0;
  std::int64_t peak_in_use_ = 0;
};

}  // namespace qlab::step
