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
  /// Makes the state of every parameter, as the first step does.
  void make_states(const std::vector<Network::Trainable>& parameters);
  /// One optimizer step on the parameters' gradients.
  void step(const std::vector<Network::Trainable>& parameters);

  /// State of one tensor that the driver may move to the host.
  struct Paged {
    int layer = -1;
    std::int64_t bytes = 0;
  };
  const std::vector<Paged>& paged() const { return paged_; }  ///< in the order of the update

 private:
  void make_state(const Tensor& parameter);
  void keep(Op op, const Sizes& sizes, Dtype dtype);

  Tape& tape_;
  Optimizer kind_;
  bool has_state_ = false;
  std::vector<Paged> paged_;
  std::vector<Tensor> state_;
};

}  // namespace qlab::step
