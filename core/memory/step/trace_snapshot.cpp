// The snapshot that PyTorch's memory visualiser opens, as torch.cuda.memory._snapshot() documents it.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cstdlib>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/memory/step/caching_allocator.hpp"
#include "core/memory/step/pickle.hpp"
#include "core/memory/step/trace_export.hpp"

namespace qlab {
namespace {

using step::CachingAllocator;
using step::StorageRecord;

constexpr std::int64_t first_address = 0x7f00'0000'0000;  // where CUDA's own addresses tend to lie

std::string module_of(const StorageRecord& record) {
  if (record.layer < 0) return "model";
  switch (record.part) {
    case step::Part::attention: return fmt::format("layers.{}.attention", record.layer);
    case step::Part::mlp: return fmt::format("layers.{}.mlp", record.layer);
    case step::Part::norm: return fmt::format("layers.{}.norm", record.layer);
    case step::Part::outside:
    case step::Part::residual: break;
  }
  return fmt::format("layers.{}", record.layer);
}

std::string operation_of(const StorageRecord& record) {
  const std::span sizes(record.sizes.at.data(), static_cast<std::size_t>(record.sizes.dims));
  return fmt::format("{} [{}] {}", step::name_of(record.op), fmt::join(sizes, ", "), torch_name_of(record.dtype));
}

class SnapshotWriter {
 public:
  explicit SnapshotWriter(const SimulatedStep& step)
      : step_(step), handles_(step.tape->storages().size()), frames_(step.tape->storages().size()) {}

  std::string write() {
    out_.begin_dict();
    out_.text("device_traces");  // of one device; the segments are known once its trace has been run
    out_.begin_list();
    out_.next_item();
    write_trace();
    out_.end_list();
    out_.text("segments");
    write_segments();
    out_.end_dict();
    return out_.finish();
  }

 private:
  void entry(const char* key, const char* value) {
    out_.text(key);
    out_.text(value);
  }
  void number(const char* key, std::int64_t value) {
    out_.text(key);
    out_.integer(value);
  }

  /// A frame is shown as "kind:0:what"; equal ones are one object.
  void frame(const char* kind, const std::string& what) {
    out_.next_item();
    std::string shown = fmt::format("{}:{}", kind, what);
    const auto known = frame_memos_.find(shown);
    if (known != frame_memos_.end()) return out_.recall(known->second);
    out_.begin_dict();
    entry("name", what.c_str());
    entry("filename", kind);
    number("line", 0);
    out_.end_dict();
    frame_memos_.emplace(std::move(shown), out_.remember());
  }

  void frames_of(std::size_t storage) {
    out_.text("frames");
    if (frames_[storage]) return out_.recall(*frames_[storage]);
    const StorageRecord& record = step_.tape->storages()[storage];
    out_.begin_list();
    frame("operation", operation_of(record));
    frame("category", name_of(category_of(step_, record)));
    frame("module", module_of(record));
    frame("phase", name_of(record.phase));
    out_.end_list();
    frames_[storage] = out_.remember();
  }

  void action(const char* name, std::int64_t address, std::int64_t bytes) {
    out_.next_item();
    out_.begin_dict();
    entry("action", name);
    number("addr", first_address + address);
    number("size", bytes);
    number("stream", 0);
  }

  void action_on(const char* name, std::size_t storage) {
    const StorageRecord& record = step_.tape->storages()[storage];
    action(name, allocator_.block(handles_[storage]).address, record.bytes);
    entry("category", name_of(category_of(step_, record)));
    frames_of(storage);
    out_.end_dict();
  }

  void write_trace() {
    const step::Tape& tape = *step_.tape;
    out_.begin_list();
    for (std::uint32_t i = 0; i < step_.last_event; ++i) {
      const step::Event event = tape.events()[i];
      const auto storage = static_cast<std::size_t>(std::abs(event));
      if (tape.storages()[storage].bytes == 0) continue;
      if (event < 0) {
        action_on("free_requested", storage);
        action_on("free_completed", storage);
        storage_of_.erase(handles_[storage]);
        allocator_.free(handles_[storage]);
        continue;
      }
      const std::size_t segments = allocator_.segments().size();
      handles_[storage] = allocator_.allocate(tape.storages()[storage].bytes);
      storage_of_[handles_[storage]] = storage;
      if (allocator_.segments().size() > segments) {
        const CachingAllocator::Segment& segment = allocator_.segments().back();
        action("segment_alloc", segment.address, segment.size);
        entry("category", "unknown");  // the visualiser wants one of that name as soon as there is any
        frames_of(storage);
        out_.end_dict();
      }
      action_on("alloc", storage);
    }
    out_.end_list();
  }

  void write_segments() {
    out_.begin_list();
    for (const CachingAllocator::Segment& segment : allocator_.segments()) {
      std::int64_t in_use = 0;
      std::int64_t requested = 0;
      out_.next_item();
      out_.begin_dict();
      number("device", 0);
      number("address", first_address + segment.address);
      number("total_size", segment.size);
      number("stream", 0);
      entry("segment_type", allocator_.block(segment.first).small ? "small" : "large");
      out_.text("segment_pool_id");
      out_.pair(0, 0);
      out_.text("blocks");
      out_.begin_list();
      for (auto handle = segment.first; handle != CachingAllocator::none; handle = allocator_.block(handle).after) {
        const CachingAllocator::Block& block = allocator_.block(handle);
        const auto found = storage_of_.find(handle);
        const std::int64_t bytes = block.in_use ? step_.tape->storages()[found->second].bytes : 0;
        in_use += block.in_use ? block.size : 0;
        requested += bytes;
        out_.next_item();
        out_.begin_dict();
        number("address", first_address + block.address);
        number("size", block.size);
        number("requested_size", bytes);
        entry("state", block.in_use ? "active_allocated" : "inactive");
        if (block.in_use) {
          frames_of(found->second);
        } else {
          out_.text("frames");
          out_.begin_list();
          out_.end_list();
        }
        out_.end_dict();
      }
      out_.end_list();
      number("allocated_size", in_use);
      number("active_size", in_use);
      number("requested_size", requested);
      out_.end_dict();
    }
    out_.end_list();
  }

  const SimulatedStep& step_;
  PickleWriter out_;
  CachingAllocator allocator_;
  std::vector<CachingAllocator::Handle> handles_;          ///< by storage
  std::vector<std::optional<PickleWriter::Memo>> frames_;  ///< by storage
  std::unordered_map<std::string, PickleWriter::Memo> frame_memos_;
  std::unordered_map<CachingAllocator::Handle, std::size_t> storage_of_;  ///< of the blocks in use
};

}  // namespace

std::string trace_snapshot(const SimulatedStep& step) { return SnapshotWriter(step).write(); }

}  // namespace qlab
