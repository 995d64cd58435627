// The tape: every storage that a training step allocates and frees, in order, and the autograd graph that decides when.
// The graph behaves as PyTorch's does: nodes run from the last recorded to the first, a node's saved tensors go when it
// has run, gradients that meet are added into a new storage, leaf gradients are kept. Checkpointed layers save nothing
// and run again when their gradient comes, in either of PyTorch's two ways.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <memory_resource>
#include <optional>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include "core/base/check.hpp"
#include "core/memory/step/op.hpp"
#include "core/memory/step/tensor.hpp"

namespace qlab::step {

enum class Phase : std::uint8_t { setup, forward, loss, backward, optimizer };

/// What a storage is for. The first seven live as long as the model does.
enum class Category : std::uint8_t {
  weights,
  quantized_weights,
  quant_constants,
  adapter,
  buffers,
  inputs,
  optimizer_state,
  gradients,
  cast_weights,
  logits_and_loss,
  saved_activations,
  temporaries
};
inline constexpr int category_count = 12;

/// What of a decoder layer an operation belongs to; the sums around attention and MLP are the residual.
enum class Part : std::uint8_t { outside, residual, attention, mlp, norm };
inline constexpr int part_count = 5;

/// CUDA's caching allocator hands out multiples of this.
inline constexpr std::int64_t allocation_granularity = 512;
constexpr std::int64_t rounded_allocation(std::int64_t bytes) {
  return (bytes + allocation_granularity - 1) / allocation_granularity * allocation_granularity;
}

inline constexpr std::uint32_t never = UINT32_MAX;

struct StorageRecord {
  std::int64_t bytes = 0;      ///< exact
  std::uint32_t born = 0;      ///< number of the event that allocated it
  std::uint32_t died = never;  ///< number of the event that freed it
  std::int32_t references = 0;
  std::int16_t layer = -1;  ///< decoder layer, -1 outside
  Op op = Op::init;
  Phase phase = Phase::setup;
  Category category = Category::temporaries;
  Part part = Part::outside;
  Dtype dtype = Dtype::f32;
  bool saved = false;  ///< kept for backward by the graph
  Sizes sizes;         ///< of the tensor it was made for
};

/// An allocation or, negated, a free of a storage.
using Event = std::int32_t;

/// From `first_event` up to the next stretch the tape was in this phase and layer.
struct Stretch {
  std::uint32_t first_event = 0;
  Phase phase = Phase::setup;
  std::int16_t layer = -1;
};

/// What a kernel takes of its own, on a GPU only, while it runs: between the allocation `event` and the next event.
struct KernelTemporary {
  std::uint32_t event = 0;
  std::int64_t bytes = 0;
};

/// A tensor that an operation of the forward pass keeps for backward, outside checkpoints.
struct SavedTensor {
  StorageId storage = no_storage;
  std::int16_t layer = -1;  ///< of the operation
  Sizes sizes;
};

/// A tensor that requires gradients and was made by no recorded operation: a parameter, or a detached layer input.
struct Leaf {
  Tensor variable;  ///< the tensor itself, which the graph keeps; not for parameters
  Tensor grad;
  Tensor pending;             ///< sum of the gradients that have arrived in this backward pass
  std::int32_t expected = 0;  ///< how many more will arrive
  bool is_parameter = false;
  std::int16_t layer = -1;  ///< in which it was made
  Tensor lowered;           ///< the cast of it that autocast keeps
};

/// Gradients in or out of a node, by output or input.
using Gradients = std::span<Tensor>;

class Node {
 public:
  static constexpr std::size_t max_inputs = 3;
  struct Input {
    Edge edge;    ///< to nothing where no gradient is wanted
    Sizes sizes;  ///< a gradient of other sizes is summed to these
    Dtype dtype = Dtype::f32;
  };

  Node() = default;
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;
  virtual ~Node() {
    for (Tensor& gradient : grads) gradient.reset();
  }

  /// Turns the gradients of the outputs into those of the inputs that want one.
  virtual void apply(Tape& tape, Gradients& in, Gradients& out) = 0;
  virtual void release_saved() = 0;

  bool wants(std::size_t input) const {
    const Edge& edge = inputs[input].edge;
    return edge.node != nullptr || edge.leaf != nullptr;
  }

  std::span<Input> inputs;
  Gradients grads;  ///< of the outputs, as far as they have arrived
  bool reached = false;
  std::int16_t layer = -1;
};

struct CheckpointFrame;

/// A tensor kept for backward: held, or to be computed again by a checkpoint.
class Saved {
 public:
  Saved() = default;
  Saved(const Saved&) = delete;
  Saved(Saved&& other) noexcept
      : held_(std::exchange(other.held_, nullptr)), frame_(std::exchange(other.frame_, nullptr)), slot_(other.slot_) {}
  Saved& operator=(const Saved&) = delete;
  Saved& operator=(Saved&&) = delete;
  ~Saved();
  /// The tensor; the first call in a checkpointed layer runs that layer again.
  Tensor unpack(Tape& tape);

 private:
  friend class Tape;
  Tensor* held_ = nullptr;  ///< in the tape's arena
  CheckpointFrame* frame_ = nullptr;
  std::uint32_t slot_ = 0;
};

/// A checkpointed call of PyTorch's non-reentrant kind.
struct CheckpointFrame {
  Tensor input;
  std::function<Tensor(const Tensor&)> function;
  bool autocast = false;
  std::uint32_t saved_count = 0;  ///< tensors that forward would have saved
  std::uint32_t unreleased = 0;   ///< of those, how many the graph may still ask for
  bool recomputed = false;
  std::vector<Tensor> tensors;  ///< the recomputed ones, each until it is asked for
};

class Tape {
 public:
  /// `expected_storages`: about how many there will be, to have room for them.
  explicit Tape(std::size_t expected_storages);
  Tape(const Tape&) = delete;
  Tape& operator=(const Tape&) = delete;
  ~Tape();

  // --- storages -----------------------------------------------------------------------------------------------------
  /// A new storage and a tensor on it. Nothing is allocated once a recomputation has all it needs.
  Tensor make(Op op, const Sizes& sizes, Dtype dtype);
  Tensor make(Op op, const Sizes& sizes, Dtype dtype, const Strides& strides);
  /// A storage that lives with the model.
  Tensor make_static(Category category, const Sizes& sizes, Dtype dtype);
  void retain(StorageId storage) { ++storages_[storage].references; }
  void release(StorageId storage) {
    if (--storages_[storage].references == 0) free_storage(storage);
  }
  StorageRecord& record_of(StorageId storage) { return storages_[storage]; }
  /// A kernel that takes `bytes` of its own while it runs, on a GPU only.
  void kernel_temporary(std::int64_t bytes);

  // --- graph --------------------------------------------------------------------------------------------------------
  bool grad_enabled() const { return grad_mode_ != GradMode::off; }
  /// Whether an operation on these inputs is recorded.
  bool records(const Tensor& a) const { return grad_enabled() && a.requires_grad(); }
  template <class... Rest>
  bool records(const Tensor& a, const Rest&... rest) const {
    return records(a) || records(rest...);
  }
  /// Makes `tensor` require gradients; they go to the leaf, which lives as long as the tape for a parameter and until
  /// clear_graph() otherwise.
  Leaf& make_leaf(Tensor& tensor, bool is_parameter);
  Saved save(const Tensor& tensor);
  Saved save_if(bool condition, const Tensor& tensor) { return condition ? save(tensor) : Saved{}; }

  /// Records `backward` as what turns the gradients of `outputs` into those of `inputs`; call it only if records(...).
  /// backward(tape, node, in, out) owns what it has saved; it is destroyed once it has run.
  template <class Backward>
  void record(std::initializer_list<Tensor*> outputs, std::initializer_list<const Tensor*> inputs, Backward backward);

  void backward(const Tensor& root, Tensor gradient);
  Tensor checkpoint(bool reentrant, std::function<Tensor(const Tensor&)> function, const Tensor& input);

  // --- bookkeeping --------------------------------------------------------------------------------------------------
  void set_phase(Phase phase) {
    phase_ = phase;
    begin_stretch();
  }
  Phase phase() const { return phase_; }
  void set_layer(int layer) {
    if (layer_ == layer) return;
    layer_ = static_cast<std::int16_t>(layer);
    begin_stretch();
  }
  int layer() const { return layer_; }
  /// Operations belong to `part` as long as it lives.
  class PartScope {
   public:
    PartScope(Tape& tape, Part part) : tape_(tape), before_(std::exchange(tape.part_, part)) {}
    PartScope(const PartScope&) = delete;
    PartScope& operator=(const PartScope&) = delete;
    ~PartScope() { tape_.part_ = before_; }

   private:
    Tape& tape_;
    Part before_;
  };
  const std::vector<StorageRecord>& storages() const { return storages_; }
  const std::vector<Event>& events() const { return events_; }
  const std::vector<Stretch>& stretches() const { return stretches_; }
  const std::vector<KernelTemporary>& kernel_temporaries() const { return kernel_temporaries_; }
  std::uint32_t now() const { return static_cast<std::uint32_t>(events_.size()); }  ///< number of the next event
  /// Lists what is saved from now on, too; until called with nullptr.
  void watch_saves(std::vector<SavedTensor>* sink) { watched_saves_ = sink; }
  /// Drops the graph of a finished step.
  void clear_graph();

  // --- autocast -----------------------------------------------------------------------------------------------------
  Dtype autocast_dtype = Dtype::bf16;
  std::vector<Leaf*> autocast_cache;  ///< leaves whose casts are kept until autocast is left
  bool autocasts() const { return autocast_depth_ > 0; }
  void mark_cast_weight(const Tensor& copy) { storages_[copy.storage()].category = Category::cast_weights; }
  /// Enters autocast where `enabled`; the cached casts go when the outermost one is left.
  class AutocastScope {
   public:
    AutocastScope(Tape& tape, bool enabled);
    AutocastScope(const AutocastScope&) = delete;
    AutocastScope& operator=(const AutocastScope&) = delete;
    ~AutocastScope();

   private:
    Tape& tape_;
    bool enabled_;
  };

 private:
  friend class Saved;
  enum class GradMode : std::uint8_t { off, on, checkpointed, recomputing };

  template <class Backward>
  class NodeOf;

  void leave_autocast();
  void begin_stretch();
  void free_storage(StorageId storage);
  void link(Node& node, std::initializer_list<const Tensor*> inputs);
  void run(Node& node);
  void send(const Edge& edge, Tensor gradient);
  void run_and_drop_down_to(std::size_t floor);
  void arrive(Leaf& leaf, Tensor gradient);
  Tensor checkpoint_reentrant(std::function<Tensor(const Tensor&)> function, const Tensor& input);
  void recompute(CheckpointFrame& frame);

  std::vector<StorageRecord> storages_;
  std::vector<Event> events_;
  std::vector<Stretch> stretches_;
  std::vector<KernelTemporary> kernel_temporaries_;
  std::vector<SavedTensor>* watched_saves_ = nullptr;
  Phase phase_ = Phase::setup;
  std::int16_t layer_ = -1;
  Part part_ = Part::outside;
  int autocast_depth_ = 0;
  bool stopped_ = false;  ///< a recomputation has all it needs: operations do nothing

  GradMode grad_mode_ = GradMode::on;
  CheckpointFrame* frame_ = nullptr;  ///< the one that is recorded or recomputed
  std::uint32_t recomputed_slot_ = 0;
  std::pmr::monotonic_buffer_resource arena_;
  std::vector<Node*> nodes_;
  std::deque<Leaf> leaves_;
  std::deque<Leaf> parameters_;
  std::deque<CheckpointFrame> frames_;
  std::deque<std::function<Tensor(const Tensor&)>> reentrant_functions_;  ///< kept as long as their nodes are
};

template <class Backward>
class Tape::NodeOf final : public Node {
 public:
  explicit NodeOf(Backward backward) : backward_(std::move(backward)) {}
  void apply(Tape& tape, Gradients& in, Gradients& out) override { (*backward_)(tape, *this, in, out); }
  void release_saved() override { backward_.reset(); }

 private:
  std::optional<Backward> backward_;
};

template <class Backward>
void Tape::record(std::initializer_list<Tensor*> outputs, std::initializer_list<const Tensor*> inputs,
                  Backward backward) {
  if (grad_mode_ == GradMode::recomputing) {  // the graph is there already; only what it saves is wanted
    for (Tensor* output : outputs) output->requires_grad_ = true;
    return;
  }
  // The node, and behind it what it needs for each output and input.
  constexpr std::size_t gradients_at = sizeof(NodeOf<Backward>);
  const std::size_t inputs_at = gradients_at + outputs.size() * sizeof(Tensor);
  static_assert(alignof(NodeOf<Backward>) == alignof(Tensor) && alignof(Tensor) == alignof(Node::Input));
  auto* const place = static_cast<std::byte*>(
      arena_.allocate(inputs_at + inputs.size() * sizeof(Node::Input), alignof(NodeOf<Backward>)));
  auto* const node = new (place) NodeOf<Backward>(std::move(backward));
  node->grads = {reinterpret_cast<Tensor*>(place + gradients_at), outputs.size()};
  node->inputs = {reinterpret_cast<Node::Input*>(place + inputs_at), inputs.size()};
  std::uninitialized_default_construct(node->grads.begin(), node->grads.end());
  std::uninitialized_default_construct(node->inputs.begin(), node->inputs.end());
  nodes_.push_back(node);
  link(*node, inputs);
  int i = 0;
  for (Tensor* output : outputs) {
    output->requires_grad_ = true;
    output->edge_ = {node, nullptr, static_cast<std::int8_t>(i++)};
  }
}

}  // namespace qlab::step
