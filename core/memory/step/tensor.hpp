// Symbolic tensors: sizes, strides, element type and a counted reference to a storage, but no values. They follow
// PyTorch's rules for views, broadcasting and memory formats, so that a program written with them allocates and frees
// exactly the storages that the real one does. The tape (tape.hpp) owns the storages.
// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <utility>

#include "core/tensor/dtype.hpp"

namespace qlab::step {

class Tape;
class Node;

inline constexpr int max_dims = 5;

/// The sizes of a tensor, outermost first; zero dimensions is a scalar.
struct Sizes {
  std::array<std::int32_t, max_dims> at{};
  std::int8_t dims = 0;

  Sizes() = default;
  Sizes(std::initializer_list<std::int64_t> sizes) {
    for (const std::int64_t size : sizes) at[dims++] = static_cast<std::int32_t>(size);
  }
  std::int32_t operator[](int dim) const { return at[dim < 0 ? dims + dim : dim]; }
  std::int32_t& operator[](int dim) { return at[dim < 0 ? dims + dim : dim]; }
  bool operator==(const Sizes& other) const = default;
  std::int64_t count() const {
    std::int64_t product = 1;
    for (int i = 0; i < dims; ++i) product *= at[i];
    return product;
  }
};

using Strides = std::array<std::int64_t, max_dims>;

Strides contiguous_strides(const Sizes& sizes);
bool is_contiguous(const Sizes& sizes, const Strides& strides);
/// The strides of a view of `to` on a tensor of `from`, as PyTorch's view computes them; false where it must copy.
bool view_strides(const Sizes& from, const Strides& strides, const Sizes& to, Strides& result);
Sizes broadcast(const Sizes& a, const Sizes& b);

/// Where the gradient of a tensor goes: output `slot` of a node, or the leaf behind `leaf`.
struct Leaf;
struct Edge {
  Node* node = nullptr;
  Leaf* leaf = nullptr;
  std::int8_t slot = 0;
};

using StorageId = std::uint32_t;
inline constexpr StorageId no_storage = 0;

/// A reference to a storage as a tensor of some shape. Copies share the storage; the last one to go frees it.
class Tensor {
 public:
  Tensor() = default;
  Tensor(const Tensor& other);
  Tensor(Tensor&& other) noexcept;
  Tensor& operator=(const Tensor& other);
  Tensor& operator=(Tensor&& other) noexcept;
  ~Tensor() { reset(); }

  void reset();
  bool defined() const { return tape_ != nullptr; }

  const Sizes& sizes() const { return sizes_; }
  const Strides& strides() const { return strides_; }
  std::int64_t count() const { return sizes_.count(); }
  Dtype dtype() const { return dtype_; }
  StorageId storage() const { return storage_; }
  bool requires_grad() const { return requires_grad_; }
  const Edge& edge() const { return edge_; }
  bool is_contiguous() const { return step::is_contiguous(sizes_, strides_); }

  /// The same storage with other sizes and strides and no history: the raw material of views.
  Tensor alias(const Sizes& sizes, const Strides& strides) const;
  Tensor detached() const { return alias(sizes_, strides_); }

 private:
  friend class Tape;
  Tape* tape_ = nullptr;
  StorageId storage_ = no_storage;
  Dtype dtype_ = Dtype::f32;
  bool requires_grad_ = false;
  Edge edge_;
  Sizes sizes_;
  Strides strides_{};
};

}  // namespace qlab::step
