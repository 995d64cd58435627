#include "core/training/loss.hpp"

#include <algorithm>

#include "core/base/normal.hpp"

namespace qlab::training {
namespace {

/// The label that row `row` predicts: the next one of its sequence.
std::int32_t target_of(const Batch& batch, std::int64_t row) {
  return (row + 1) % batch.length == 0 ? ignored_label : batch.labels[static_cast<std::size_t>(row + 1)];
}

double loss_of(kernels::SoftmaxSum sums, float logit) {
  return natural_log(static_cast<double>(sums.sum)) - (static_cast<double>(logit) - sums.largest);
}

}  // namespace

std::vector<double> token_losses(Engine& engine, const Batch& batch, const Buffer& logits, std::int64_t vocab_size) {
  std::vector<double> losses(static_cast<std::size_t>(batch.rows()));
  engine.for_rows(batch.rows(), vocab_size, [&](std::int64_t first, std::int64_t last) {
    for (std::int64_t row = first; row < last; ++row) {
      const std::int32_t target = target_of(batch, row);
      if (target == ignored_label) continue;
      const float* const values = logits.data() + row * vocab_size;
      losses[static_cast<std::size_t>(row)] = loss_of(engine.rows().softmax_sum(values, vocab_size), values[target]);
    }
  });
  return losses;
}

std::vector<double> token_losses_backward(Engine& engine, const Batch& batch, Buffer& logits, std::int64_t vocab_size,
                                          double factor) {
  std::vector<double> losses(static_cast<std::size_t>(batch.rows()));
  engine.for_rows(batch.rows(), vocab_size, [&](std::int64_t first, std::int64_t last) {
    for (std::int64_t row = first; row < last; ++row) {
      float* const values = logits.data() + row * vocab_size;
      const std::int32_t target = target_of(batch, row);
      if (target == ignored_label) {
        std::fill_n(values, vocab_size, 0.0F);
        continue;
      }
      const float logit = values[target];
      const auto sums = engine.rows().cross_entropy(values, target, vocab_size, static_cast<float>(factor));
      losses[static_cast<std::size_t>(row)] = loss_of(sums, logit);
    }
  });
  return losses;
}

std::int64_t Batch::targets() const {
  std::int64_t count_of_targets = 0;
  for (std::int64_t row = 0; row < rows(); ++row) count_of_targets += target_of(*this, row) != ignored_label ? 1 : 0;
  return count_of_targets;
}

}  // namespace qlab::training
