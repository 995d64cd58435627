#include "core/training/sampling.hpp"

#include <algorithm>
#include <numeric>

#include "core/base/check.hpp"
#include "core/tensor/philox.hpp"
#include "core/training/pass.hpp"

namespace qlab::training {

std::int32_t next_token(std::span<const float> logits, const Sampling& sampling, std::int64_t position) {
  const auto likeliest = std::ranges::max_element(logits);
  if (sampling.temperature <= 0) return static_cast<std::int32_t>(likeliest - logits.begin());
  std::vector<double> weights;
  weights.reserve(logits.size());
  for (const float one : logits) {
    weights.push_back(exponential(std::max(-700.0, (double{one} - *likeliest) / sampling.temperature)));
  }
  std::vector<std::int32_t> order(logits.size());
  std::iota(order.begin(), order.end(), 0);
  std::ranges::stable_sort(order, [&](std::int32_t a, std::int32_t b) { return weights[a] > weights[b]; });
  const double all = std::accumulate(weights.begin(), weights.end(), 0.0);
  double kept = 0;
  std::size_t count = 0;
  while (count < order.size() && kept < sampling.top_p * all) kept += weights[order[count++]];
  const PhiloxBlock bits = philox4x32_10(
      {{static_cast<std::uint32_t>(position), static_cast<std::uint32_t>(position >> 32), 0x73616d70U, 0}},
      sampling.seed);
  double draw = uniform_from(bits.word[0], bits.word[1]) * kept;
  for (std::size_t i = 0; i + 1 < count; ++i) {
    draw -= weights[order[i]];
    if (draw < 0) return order[i];
  }
  return order[std::max<std::size_t>(count, 1) - 1];
}

std::vector<std::int32_t> generate(Engine& engine, Decoder& decoder, std::vector<std::int32_t> prompt,
                                   std::int64_t count, const Sampling& sampling) {
  QLAB_CHECK(!prompt.empty());
  const std::size_t first = prompt.size();
  for (std::int64_t i = 0; i < count; ++i) {
    Batch batch{1, static_cast<std::int64_t>(prompt.size()), prompt, prompt};
    Pass pass(engine, decoder, std::move(batch), {});
    pass.forward_logits();
    const auto last = pass.logits().values().last(static_cast<std::size_t>(decoder.config.vocab_size));
    prompt.push_back(next_token(last, sampling, i));
  }
  return {prompt.begin() + static_cast<std::ptrdiff_t>(first), prompt.end()};
}

}  // namespace qlab::training
