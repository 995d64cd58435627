// One pass of a decoder over a batch: forward to the loss, and back to every gradient. The tape holds what the backward
// pass needs and hands each tensor back as soon as it was used; with checkpointing it holds one tensor a layer, and the
// backward pass computes the rest again: the same bits. SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "core/training/attention.hpp"
#include "core/training/decoder.hpp"
#include "core/training/rotary.hpp"

namespace qlab::training {

inline constexpr std::int32_t ignored_label = -100;

/// Token ids and labels, [count, length] each. The logits of position t predict label t + 1; -100 is left out.
struct Batch {
  std::int64_t count = 0;
  std::int64_t length = 0;
  std::vector<std::int32_t> ids;
  std::vector<std::int32_t> labels;

  std::int64_t rows() const { return count * length; }
  std::int64_t targets() const;  ///< labels that count
};

/// Receives tensors as they come into being: "layer0.q_rope", "dlayer0.q_rope". For tests and lectures.
using Observer = std::function<void(std::string_view name, std::span<const float> values)>;

struct PassSettings {
  bool checkpointing = false;
  std::optional<std::uint64_t> dropout_seed;  ///< of this step; unset: no dropout
  Observer observe;                           ///< may be empty
};

/// What is kept of one layer. Without checkpointing all of it, else `input` alone.
struct LayerTape {
  Buffer input;                          ///< residual stream, [rows, H]
  Buffer input_inverse, input_normed;    ///< [rows], [rows, H]
  Buffer query, key, value;              ///< q and k turned
  Buffer probabilities, attention;       ///< [batch, heads, T, T], [rows, heads * head_dim]
  Buffer middle;                         ///< residual stream between attention and MLP
  Buffer middle_inverse, middle_normed;  ///< [rows], [rows, H]
  Buffer gate, up, product;              ///< [rows, I]
  std::array<LinearTape, 7> linears;     ///< as DecoderLayer::linears()
};

class Pass {
 public:
  /// Sizes must be those of the model; ids within the vocabulary, at least one target. Engine and decoder outlive the
  /// pass.
  Pass(Engine& engine, Decoder& decoder, Batch batch, PassSettings settings);

  /// Mean of the targets' negative log-likelihoods in nats, times `share`: the part that this batch has in a step of
  /// several (its targets over all targets).
  double forward(double share = 1);

  /// Gradients of what forward() returned, added to those that are there. Uses the tape up.
  void backward();

  /// [rows, V]; before backward() and after forward_logits().
  const Buffer& logits() const { return logits_; }

  /// The logits alone, without keeping a tape.
  void forward_logits();

 private:
  void embed();
  Buffer layer_forward(DecoderLayer& layer, Buffer input, LayerTape& tape, std::size_t number);
  void layer_backward(DecoderLayer& layer, LayerTape& tape, std::size_t number);
  void norm_forward(const Parameter& weight, const Buffer& x, Buffer& inverse, Buffer& out);
  /// dx += the gradient through the norm.
  void norm_backward(Parameter& weight, const Buffer& x, const Buffer& inverse, const Buffer& dout, Buffer& dx);
  void turn(Buffer& x, std::int64_t heads, bool back);
  void embedding_backward(const Buffer& dx);
  bool trains_below(std::size_t layer) const;
  Buffer activation(std::int64_t width);
  void tell(std::string_view name, const Buffer& values) const;
  void tell(const char* prefix, std::size_t layer, std::string_view name, const Buffer& values) const;

  Engine& engine_;
  Decoder& decoder_;
  Batch batch_;
  PassSettings settings_;
  RotaryTable rotary_;
  AttentionShape attention_;
  std::vector<LayerTape> tapes_;
  Buffer last_, last_inverse_, last_normed_;
  Buffer logits_;  ///< after forward(): their gradient
};

}  // namespace qlab::training
