// Cross-entropy of next tokens. SPDX-License-Identifier: MIT
#pragma once

#include "core/training/engine.hpp"
#include "core/training/pass.hpp"

namespace qlab::training {

/// Negative log-likelihood in nats of each row's target, 0 where it has none; logits [rows, V] are only read.
std::vector<double> token_losses(Engine& engine, const Batch& batch, const Buffer& logits, std::int64_t vocab_size);

/// The same, and logits become the gradient of factor * sum of the losses.
std::vector<double> token_losses_backward(Engine& engine, const Batch& batch, Buffer& logits, std::int64_t vocab_size,
                                          double factor);

}  // namespace qlab::training
