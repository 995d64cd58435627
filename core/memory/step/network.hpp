// The parameters of a model as storages, and its forward pass as operations on the tape, family by family as the
// transformers library writes them, with PEFT's adapters and bitsandbytes' 4-bit Linears in their places.
// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "core/memory/model_shape.hpp"
#include "core/memory/step/settings.hpp"
#include "core/memory/step/tape.hpp"

namespace qlab::step {

/// A Linear or Conv1D with what stands in for it or beside it.
struct LinearLayer {
  Tensor weight;  ///< undefined where it is quantized
  Tensor bias;
  Tensor lora_a;  ///< [rank, inputs], undefined without an adapter
  Tensor lora_b;  ///< [outputs, rank]
  std::int64_t outputs = 0;
  bool quantized = false;
  bool conv1d = false;
  std::vector<Tensor> packed;  ///< 4-bit codes and constants
};

struct NormLayer {
  Tensor weight;
  Tensor bias;
};

/// The modules of a decoder layer by what they do; a family leaves out what it has not.
struct DecoderLayer {
  LinearLayer query;  ///< also the fused one of query, key and value
  LinearLayer key, value, output;
  LinearLayer gate;  ///< also the fused gate and up, or the first of an MLP of two
  LinearLayer up, down;
  NormLayer query_norm, key_norm;
  NormLayer attention_norm, after_attention_norm, mlp_norm, after_mlp_norm;
};

class Network {
 public:
  Network(Tape& tape, const ModelShape& shape, const StepSettings& settings);

  /// One forward pass: the loss, and the logits as the output object holds them.
  struct Outputs {
    Tensor loss;
    Tensor logits;
  };
  Outputs forward();

  struct Trainable {
    const Tensor* tensor;
    Leaf* leaf;
  };
  const std::vector<Trainable>& trainable() const { return trainable_; }

  /// Brings the model where its first step leaves it: with gradients, and with biases of 4-bit Linears in 16 bits.
  void leave_first_step();

 private:
  /// What every layer gets beside its input; a checkpoint keeps it.
  struct LayerInputs {
    Tensor position_ids;
    Tensor cos, sin;
    Tensor mask;  ///< of this layer, undefined where the kernel knows the order
  };

  // --- construction (network.cpp)
  Tensor parameter(Category category, const Sizes& sizes, Dtype dtype, bool trainable);
  void build_linear(const Module& module, LinearLayer& layer);
  void build_norm(const Module& module, NormLayer& layer);
  void build_layer(DecoderLayer& layer);
  void build_adapters();  ///< behind the model that PEFT is given

  // --- modules (modules.cpp)
  Tensor apply(LinearLayer& layer, const Tensor& x);
  Tensor apply_base(LinearLayer& layer, const Tensor& x);
  void narrow_bias(LinearLayer& layer);
  Tensor apply(const NormLayer& layer, const Tensor& x);
  Tensor activate(const Tensor& x);
  void rotate(Tensor& q, Tensor& k, const Tensor& cos, const Tensor& sin);
  Tensor rotated(const Tensor& x, const Tensor& cos, const Tensor& sin);
  /// Each head of key or value as often as query heads share it; `as_view_if_possible` as transformers' own function
  /// does it, else as the attention kernel's wrapper does, with a copy always.
  Tensor repeat_heads(const Tensor& x, bool as_view_if_possible = true);
  /// The mask of booleans as the efficient kernel takes it: 0 or -inf in `dtype`, with rows of a multiple of 8.
  Tensor additive_mask(const Tensor& mask, Dtype dtype);
  Tensor attend_eager(const Tensor& q, const Tensor& k, const Tensor& v, const Tensor& mask, Tensor& weights);
  Tensor attend_sdpa(const Tensor& q, const Tensor& k, const Tensor& v, const Tensor& mask);

  // --- layers and the whole (forward.cpp)
  void project(DecoderLayer& layer, const Tensor& x, Tensor& q, Tensor& k, Tensor& v);
  Tensor attention(DecoderLayer& layer, const Tensor& x, const LayerInputs& inputs, Tensor& weights);
  Tensor mlp(DecoderLayer& layer, const Tensor& x);
  Tensor run_llama_layer(DecoderLayer& layer, const Tensor& hidden, const LayerInputs& inputs);
  Tensor run_opt_layer(DecoderLayer& layer, const Tensor& hidden, const LayerInputs& inputs);
  Tensor run_gpt2_layer(DecoderLayer& layer, const Tensor& hidden, const LayerInputs& inputs);
  Tensor run_gpt_neox_layer(DecoderLayer& layer, const Tensor& hidden, const LayerInputs& inputs);
  Tensor run_layer(std::size_t index, const Tensor& hidden, const LayerInputs& inputs);
  Tensor allowed_positions(std::int64_t window);
  Tensor causal_mask(Dtype dtype, std::int64_t window);
  Tensor embed(LayerInputs& inputs, Tensor& sliding_mask, std::array<Tensor, 3>& kept);
  void make_rotary_tables(LayerInputs& inputs, Dtype dtype);
  Tensor loss_of(const Tensor& logits);

  Tape& tape_;
  const ModelShape& shape_;
  const StepSettings& settings_;
  Dtype rest_dtype_;  ///< of what is not quantized
  Dtype adapter_dtype_;
  Tensor token_embedding_, position_embedding_;
  LinearLayer project_in_, project_out_, head_;
  NormLayer final_norm_;
  std::vector<DecoderLayer> layers_;
  struct Adapted {
    LinearLayer* layer;
    std::int64_t inputs;
    int layer_number;  ///< -1 outside the layers
  };
  std::vector<Adapted> adapted_;
  std::vector<Tensor> buffers_;
  Tensor shared_code_;  ///< the 8-bit map of double quantization
  Tensor input_ids_, labels_;
  std::vector<Trainable> trainable_;
  std::vector<std::unique_ptr<Tensor>> trainable_tensors_;
};

}  // namespace qlab::step
