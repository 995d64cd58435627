// What an optimizer allocates: its state at the first step, and temporaries at every step.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <vector>

#include "core/memory/step/network.hpp"
#include "core/memory/step/settings.hpp"
#include "core/memory/step/tape.hpp"

namespace qlab::step {

class OptimizerState {
 public:
  OptimizerState(Tape& tape, Optimizer kind);
  /// One optimizer step on the parameters' gradients.
  void step(const std::vector<Network::Trainable>& parameters);
  /// State that the driver may move to the host, bytes of each tensor in the order of the update.
  const std::vector<std::int64_t>& paged() const { return paged_; }

 private:
  void make_state(const Tensor& parameter);
  void keep(Op op, const Sizes& sizes, Dtype dtype);

  Tape& tape_;
  Optimizer kind_;
  bool has_state_ = false;
  std::vector<std::int64_t> paged_;
  std::vector<Tensor> state_;
};

}  // namespace qlab::step
