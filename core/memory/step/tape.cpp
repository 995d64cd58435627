#include "core/memory/step/tape.hpp"

#include <algorithm>
#include <array>
#include <memory>

#include "core/memory/step/ops.hpp"

namespace qlab::step {

Saved::~Saved() {
  if (held_ != nullptr) held_->reset();
  if (frame_ == nullptr) return;
  if (slot_ < frame_->tensors.size()) frame_->tensors[slot_].reset();
  if (--frame_->unreleased > 0) return;
  frame_->input.reset();  // the graph can ask for nothing more: the frame and what its function holds go
  frame_->function = nullptr;
}

Tensor Saved::unpack(Tape& tape) {
  if (frame_ == nullptr) return held_ != nullptr ? *held_ : Tensor{};
  if (!frame_->recomputed) tape.recompute(*frame_);
  return std::move(frame_->tensors[slot_]);
}

Tape::Tape(std::size_t expected_storages) {
  storages_.reserve(expected_storages);
  events_.reserve(2 * expected_storages);
  StorageRecord& none = storages_.emplace_back();  // no_storage: what operations return once nothing is to be done
  none.references = 1;
  stretches_.emplace_back();
}

Tape::~Tape() {
  leave_autocast();
  clear_graph();
}

Tensor Tape::make(Op op, const Sizes& sizes, Dtype dtype) { return make(op, sizes, dtype, contiguous_strides(sizes)); }

Tensor Tape::make(Op op, const Sizes& sizes, Dtype dtype, const Strides& strides) {
  Tensor tensor;
  tensor.tape_ = this;
  tensor.dtype_ = dtype;
  tensor.sizes_ = sizes;
  tensor.strides_ = strides;
  if (stopped_) {
    retain(no_storage);
    return tensor;
  }
  const auto id = static_cast<StorageId>(storages_.size());
  StorageRecord& record = storages_.emplace_back();
  record.bytes = sizes.count() * bytes_of(dtype);
  record.born = now();
  record.references = 1;
  record.layer = layer_;
  record.part = part_;
  record.op = op;
  record.phase = phase_;
  record.dtype = dtype;
  record.sizes = sizes;
  events_.push_back(static_cast<Event>(id));
  tensor.storage_ = id;
  return tensor;
}

Tensor Tape::make_static(Category category, const Sizes& sizes, Dtype dtype) {
  Tensor tensor = make(Op::init, sizes, dtype);
  storages_[tensor.storage()].category = category;
  return tensor;
}

void Tape::free_storage(StorageId storage) {
  StorageRecord& record = storages_[storage];
  record.died = now();
  events_.push_back(-static_cast<Event>(storage));
}

void Tape::kernel_temporary(std::int64_t bytes) {
  if (!stopped_) kernel_temporaries_.push_back({now() - 1, bytes});
}

void Tape::begin_stretch() {
  if (stretches_.back().first_event != now()) stretches_.emplace_back();
  stretches_.back() = {now(), phase_, layer_};
}

Leaf& Tape::make_leaf(Tensor& tensor, bool is_parameter) {
  Leaf& leaf = (is_parameter ? parameters_ : leaves_).emplace_back();
  leaf.is_parameter = is_parameter;
  leaf.layer = layer_;
  tensor.requires_grad_ = true;
  tensor.edge_ = {nullptr, &leaf, 0};
  if (!is_parameter) leaf.variable = tensor;
  return leaf;
}

Saved Tape::save(const Tensor& tensor) {
  Saved saved;
  switch (grad_mode_) {
    case GradMode::off: break;
    case GradMode::on:
      saved.held_ = new (arena_.allocate(sizeof(Tensor), alignof(Tensor))) Tensor(tensor);
      if (phase_ == Phase::forward || phase_ == Phase::loss) {
        storages_[tensor.storage()].saved = true;
        if (watched_saves_ != nullptr) watched_saves_->push_back({tensor.storage(), layer_, tensor.sizes()});
      }
      break;
    case GradMode::checkpointed:
      saved.frame_ = frame_;
      saved.slot_ = frame_->saved_count++;
      ++frame_->unreleased;
      break;
    case GradMode::recomputing:
      if (stopped_) break;
      frame_->tensors[recomputed_slot_] = tensor.detached();
      stopped_ = ++recomputed_slot_ == frame_->saved_count;
      break;
  }
  return saved;
}

void Tape::link(Node& node, std::initializer_list<const Tensor*> inputs) {
  QLAB_CHECK(inputs.size() <= Node::max_inputs);
  node.layer = layer_;
  auto input = node.inputs.begin();
  for (const Tensor* tensor : inputs) {
    if (tensor->requires_grad()) {
      *input = {tensor->edge(), tensor->sizes(), tensor->dtype()};
      if (tensor->edge().leaf != nullptr) ++tensor->edge().leaf->expected;
    }
    ++input;
  }
}

void Tape::arrive(Leaf& leaf, Tensor gradient) {
  leaf.pending = leaf.pending.defined() ? add(*this, leaf.pending, gradient) : std::move(gradient);
  if (--leaf.expected > 0) return;
  if (leaf.grad.defined()) {  // accumulated in place
    leaf.pending.reset();
    return;
  }
  leaf.grad = std::move(leaf.pending);
  if (leaf.is_parameter) storages_[leaf.grad.storage()].category = Category::gradients;
}

void Tape::send(const Edge& edge, Tensor gradient) {
  if (edge.leaf != nullptr) return arrive(*edge.leaf, std::move(gradient));
  Tensor& buffer = edge.node->grads[edge.slot];
  buffer = buffer.defined() ? add(*this, buffer, gradient) : std::move(gradient);
  edge.node->reached = true;
}

void Tape::run(Node& node) {
  node.reached = false;
  set_layer(node.layer);
  std::array<Tensor, Node::max_inputs> made;
  Gradients out(made.data(), node.inputs.size());
  node.apply(*this, node.grads, out);
  for (std::size_t i = 0; i < out.size(); ++i) {
    if (!out[i].defined() || !node.wants(i)) continue;
    if (!(out[i].sizes() == node.inputs[i].sizes)) out[i] = sum_to(*this, out[i], node.inputs[i].sizes);
    if (out[i].dtype() != node.inputs[i].dtype) out[i] = cast(*this, out[i], node.inputs[i].dtype);
  }
  for (std::size_t i = node.grads.size(); i-- > 0;) node.grads[i].reset();
  node.release_saved();
  for (std::size_t i = 0; i < out.size(); ++i) {
    if (out[i].defined() && node.wants(i)) send(node.inputs[i].edge, std::move(out[i]));
  }
}

void Tape::run_and_drop_down_to(std::size_t floor) {
  // A node's consumers were recorded after it, so this order is the one of PyTorch's queue.
  for (std::size_t i = nodes_.size(); i-- > floor;) {
    if (nodes_[i]->reached) run(*nodes_[i]);
  }
  for (std::size_t i = floor; i < nodes_.size(); ++i) nodes_[i]->~Node();
  nodes_.resize(floor);
}

void Tape::backward(const Tensor& root, Tensor gradient) {
  const GradMode before = std::exchange(grad_mode_, GradMode::off);
  send(root.edge(), std::move(gradient));
  for (std::size_t i = nodes_.size(); i-- > 0;) {
    if (nodes_[i]->reached) run(*nodes_[i]);
  }
  set_layer(-1);
  grad_mode_ = before;
}

void Tape::clear_graph() {
  for (Node* node : nodes_) node->~Node();
  nodes_.clear();
  frames_.clear();
  reentrant_functions_.clear();
  leaves_.clear();
  arena_.release();
}

Tensor Tape::checkpoint(bool reentrant, std::function<Tensor(const Tensor&)> function, const Tensor& input) {
  if (reentrant) return checkpoint_reentrant(std::move(function), input);
  CheckpointFrame& frame = frames_.emplace_back();
  frame.input = input;
  frame.function = std::move(function);
  frame.autocast = autocasts();
  storages_[input.storage()].saved = true;
  const GradMode mode_before = std::exchange(grad_mode_, GradMode::checkpointed);
  CheckpointFrame* const frame_before = std::exchange(frame_, &frame);
  Tensor output = frame.function(input);
  frame_ = frame_before;
  grad_mode_ = mode_before;
  return output;
}

void Tape::recompute(CheckpointFrame& frame) {
  frame.recomputed = true;
  frame.tensors.resize(frame.saved_count);
  const GradMode mode_before = std::exchange(grad_mode_, GradMode::recomputing);
  CheckpointFrame* const frame_before = std::exchange(frame_, &frame);
  const std::uint32_t slot_before = std::exchange(recomputed_slot_, 0);
  const int layer_before = layer_;
  {
    const AutocastScope scope(*this, frame.autocast);
    frame.function(frame.input);
  }
  QLAB_CHECK(stopped_);  // the same function saves the same tensors
  stopped_ = false;
  set_layer(layer_before);
  recomputed_slot_ = slot_before;
  frame_ = frame_before;
  grad_mode_ = mode_before;
}

Tensor Tape::checkpoint_reentrant(std::function<Tensor(const Tensor&)> function, const Tensor& input) {
  const bool recorded = records(input);
  const bool autocast_on = autocasts();
  const GradMode before = std::exchange(grad_mode_, GradMode::off);
  Tensor output = function(input);
  grad_mode_ = before;
  if (!recorded) return output;
  auto& kept = reentrant_functions_.emplace_back(std::move(function));
  record({&output}, {&input},
         [saved = save(input), &kept, autocast_on](Tape& tape, Node&, Gradients& in, Gradients& out) mutable {
           Tensor detached = saved.unpack(tape).detached();
           Leaf& leaf = tape.make_leaf(detached, false);
           const std::size_t floor = tape.nodes_.size();
           const int layer = tape.layer_;
           const GradMode mode = std::exchange(tape.grad_mode_, GradMode::on);
           Tensor result;
           {
             const AutocastScope scope(tape, autocast_on);
             result = kept(detached);
           }
           tape.grad_mode_ = mode;
           tape.send(result.edge(), in[0]);
           tape.run_and_drop_down_to(floor);
           tape.set_layer(layer);
           leaf.variable.reset();
           out[0] = std::move(leaf.grad);
         });
  return output;
}

Tape::AutocastScope::AutocastScope(Tape& tape, bool enabled) : tape_(tape), enabled_(enabled) {
  if (enabled_) ++tape_.autocast_depth_;
}

Tape::AutocastScope::~AutocastScope() {
  if (enabled_ && --tape_.autocast_depth_ == 0) tape_.leave_autocast();
}

void Tape::leave_autocast() {
  const int layer_before = layer_;
  for (Leaf* leaf : autocast_cache) {
    set_layer(leaf->layer);
    leaf->lowered.reset();
  }
  set_layer(layer_before);
  autocast_cache.clear();
}

}  // namespace qlab::step
