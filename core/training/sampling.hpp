// Text from a model: the next token again and again, the likeliest or a drawn one. SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/training/decoder.hpp"

namespace qlab::training {

struct Sampling {
  double temperature = 0;  ///< 0: greedy, the likeliest token (the first of equals)
  double top_p = 1;        ///< only the likeliest tokens that together reach this probability
  std::uint64_t seed = 1;
};

/// The token after these logits; `position` counts the tokens of one text, each with its own draw.
std::int32_t next_token(std::span<const float> logits, const Sampling& sampling, std::int64_t position);

/// `count` tokens that follow the prompt (at least one token). Every step reads the whole text again.
std::vector<std::int32_t> generate(Engine& engine, Decoder& decoder, std::vector<std::int32_t> prompt,
                                   std::int64_t count, const Sampling& sampling);

}  // namespace qlab::training
