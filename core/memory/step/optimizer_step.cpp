#include "core/memory/step/optimizer_step.hpp"

#include "core/memory/bitsandbytes.hpp"

namespace qlab::step {

OptimizerState::OptimizerState(Tape& tape, Optimizer kind) : tape_(tape), kind_(kind) {
  if (kind == Optimizer::adamw_8bit || kind == Optimizer::paged_adamw_8bit) {  // the maps of both states
    for (int i = 0; i < 2; ++i)
      state_.push_back(tape.make_static(Category::temporaries, {bitsandbytes::levels_8bit}, Dtype::f32));
  }
}

void OptimizerState::keep(Op op, const Sizes& sizes, Dtype dtype) {
  state_.push_back(tape_.make(op, sizes, dtype));
  tape_.record_of(state_.back().storage()).category = Category::optimizer_state;
}

void OptimizerState::make_state(const Tensor& parameter) {
  const Sizes& sizes = parameter.sizes();
  const std::int64_t count = parameter.count();
  switch (kind_) {
    case Optimizer::sgd: return;
    case Optimizer::adamw_fused:
      keep(Op::zeros, {}, Dtype::f32);  // the step counter
      [[fallthrough]];
    case Optimizer::adamw_foreach:
      for (int i = 0; i < 2; ++i) keep(Op::zeros_like, sizes, parameter.dtype());
      return;
    case Optimizer::adamw_8bit:
    case Optimizer::paged_adamw_8bit:
    case Optimizer::paged_adamw_32bit: {
      const bool eight_bit = kind_ != Optimizer::paged_adamw_32bit && count >= bitsandbytes::fewest_8bit_values;
      const bool paged = kind_ != Optimizer::adamw_8bit && count >= bitsandbytes::fewest_paged_values;
      const Dtype dtype = eight_bit ? Dtype::u8 : Dtype::f32;
      for (int i = 0; i < 2; ++i) {
        if (paged) {
          paged_.push_back({tape_.layer(), count * bytes_of(dtype)});
        } else {
          keep(Op::zeros_like, sizes, dtype);
        }
      }
      if (!eight_bit) return;
      for (int i = 0; i < 2; ++i)
        tape_.record_of(state_[i].storage()).category = Category::optimizer_state;  // the maps
      for (int i = 0; i < 2; ++i) keep(Op::zeros, {bitsandbytes::blocks(count, bitsandbytes::state_block)}, Dtype::f32);
      return;
    }
  }
}

void OptimizerState::make_states(const std::vector<Network::Trainable>& parameters) {
  for (const auto& parameter : parameters) {
    tape_.set_layer(parameter.leaf->layer);
    make_state(*parameter.tensor);
  }
  tape_.set_layer(-1);
  has_state_ = true;
}

void OptimizerState::step(const std::vector<Network::Trainable>& parameters) {
  tape_.set_phase(Phase::optimizer);
  if (!has_state_) make_states(parameters);
  if (kind_ != Optimizer::adamw_foreach) return;
  std::vector<Tensor> roots;  // of every second moment at once
  roots.reserve(parameters.size());
  for (const auto& parameter : parameters) {
    tape_.set_layer(parameter.leaf->layer);
    roots.push_back(tape_.make(Op::foreach_sqrt, parameter.tensor->sizes(), parameter.tensor->dtype()));
  }
  for (std::size_t i = 0; i < roots.size(); ++i) {
    tape_.set_layer(parameters[i].leaf->layer);
    roots[i].reset();
  }
  tape_.set_layer(-1);
}

}  // namespace qlab::step
