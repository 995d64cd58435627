#include "core/memory/step/tensor.hpp"

#include <algorithm>

#include "core/base/check.hpp"
#include "core/memory/step/tape.hpp"

namespace qlab::step {

Strides contiguous_strides(const Sizes& sizes) {
  Strides strides{};
  std::int64_t next = 1;
  for (int i = sizes.dims - 1; i >= 0; --i) {
    strides[i] = next;
    next *= std::max(sizes.at[i], 1);
  }
  return strides;
}

bool is_contiguous(const Sizes& sizes, const Strides& strides) {
  std::int64_t expected = 1;
  for (int i = sizes.dims - 1; i >= 0; --i) {
    if (sizes.at[i] == 1) continue;
    if (strides[i] != expected) return false;
    expected *= sizes.at[i];
  }
  return true;
}

bool view_strides(const Sizes& from, const Strides& strides, const Sizes& to, Strides& result) {
  // Runs of dimensions of `from` that lie behind one another in memory may be cut anew, others may not.
  int view_dim = to.dims - 1;
  std::int64_t base = from.dims > 0 ? strides[from.dims - 1] : 1;
  std::int64_t tensor_count = 1;
  std::int64_t view_count = 1;
  for (int dim = from.dims - 1; dim >= 0; --dim) {
    tensor_count *= from.at[dim];
    if (dim != 0 && (from.at[dim - 1] == 1 || strides[dim - 1] == tensor_count * base)) continue;
    while (view_dim >= 0 && (view_count < tensor_count || to.at[view_dim] == 1)) {
      result[view_dim] = view_count * base;
      view_count *= to.at[view_dim];
      --view_dim;
    }
    if (view_count != tensor_count) return false;
    if (dim > 0) {
      base = strides[dim - 1];
      tensor_count = 1;
      view_count = 1;
    }
  }
  for (; view_dim >= 0; --view_dim) result[view_dim] = 1;
  return true;
}

Sizes broadcast(const Sizes& a, const Sizes& b) {
  Sizes result = a.dims >= b.dims ? a : b;
  const Sizes& shorter = a.dims >= b.dims ? b : a;
  for (int i = 1; i <= shorter.dims; ++i) {
    const std::int32_t other = shorter.at[shorter.dims - i];
    std::int32_t& mine = result.at[result.dims - i];
    QLAB_CHECK(mine == other || mine == 1 || other == 1);
    mine = std::max(mine, other);
  }
  return result;
}

Tensor::Tensor(const Tensor& other)
    : tape_(other.tape_),
      storage_(other.storage_),
      dtype_(other.dtype_),
      requires_grad_(other.requires_grad_),
      edge_(other.edge_),
      sizes_(other.sizes_),
      strides_(other.strides_) {
  if (tape_ != nullptr) tape_->retain(storage_);
}

Tensor::Tensor(Tensor&& other) noexcept
    : tape_(std::exchange(other.tape_, nullptr)),
      storage_(other.storage_),
      dtype_(other.dtype_),
      requires_grad_(other.requires_grad_),
      edge_(other.edge_),
      sizes_(other.sizes_),
      strides_(other.strides_) {}

Tensor& Tensor::operator=(const Tensor& other) {
  Tensor copy(other);
  return *this = std::move(copy);
}

Tensor& Tensor::operator=(Tensor&& other) noexcept {
  if (this == &other) return *this;
  // The new reference is there before the old one goes, as in an assignment in Python.
  Tape* const old_tape = tape_;
  const StorageId old_storage = storage_;
  tape_ = std::exchange(other.tape_, nullptr);
  storage_ = other.storage_;
  dtype_ = other.dtype_;
  requires_grad_ = other.requires_grad_;
  edge_ = other.edge_;
  sizes_ = other.sizes_;
  strides_ = other.strides_;
  if (old_tape != nullptr) old_tape->release(old_storage);
  return *this;
}

void Tensor::reset() {
  if (tape_ != nullptr) std::exchange(tape_, nullptr)->release(storage_);
}

Tensor Tensor::alias(const Sizes& sizes, const Strides& strides) const {
  Tensor result(*this);
  result.requires_grad_ = false;
  result.edge_ = {};
  result.sizes_ = sizes;
  result.strides_ = strides;
  return result;
}

}  // namespace qlab::step
