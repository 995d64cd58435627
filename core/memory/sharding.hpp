// Level "ledger", labelled "formula": what of weights, gradients and optimizer state lies on each of N cards, and what
// on the host. No run was compared; activations are each card's own and are not here.
// ZeRO: Rajbhandari et al. 2020, "ZeRO: memory optimizations toward training trillion parameter models", section 5.
// FSDP: Zhao et al. 2023, "PyTorch FSDP". Offload: Ren et al. 2021, "ZeRO-Offload".
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include "core/memory/ledger.hpp"
#include "core/memory/model_shape.hpp"

namespace qlab {

enum class Sharding {
  none,   ///< plain data parallelism: everything on every card
  zero1,  ///< optimizer state is split
  zero2,  ///< gradients too
  zero3,  ///< weights too; the layer at work is gathered
  fsdp,   ///< the same, with the next layer gathered in advance
};

/// Bytes of one card, and of the host.
struct ShardedState {
  std::int64_t weights = 0;  ///< frozen ones and adapters
  std::int64_t gradients = 0;
  std::int64_t optimizer_state = 0;
  std::int64_t gathered = 0;  ///< whole layers, put together for their turn
  std::int64_t host = 0;      ///< of all cards together

  std::int64_t on_card() const { return weights + gradients + optimizer_state + gathered; }
};

/// Optimizer state is that of the settings, pages included; master weights belong to it. Each part is rounded up.
/// With `offload` gradients and optimizer state lie on the host, as ZeRO-Offload puts them. cards >= 1.
ShardedState sharded_state(const ModelShape& shape, const StepSettings& settings, Sharding sharding, std::int64_t cards,
                           bool offload = false, bool master_weights = false);

}  // namespace qlab
