// Texts for lessons, made by a small grammar in English and Chinese: sentences to learn a language from, and questions
// about such a sentence with their answers, which a model that only read sentences cannot answer. Everything depends on
// a seed and an index alone. SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>

#include "core/training/pass.hpp"

namespace qlab::training {

/// A sentence: "The small cat sees a red boat near the river." or "小猫在河边看见一条红色的船。"
std::string sentence(std::uint64_t seed, std::uint64_t index);

/// Windows of sentences, one after the other, to learn the language from.
Batch sentence_batch(std::int64_t count, std::int64_t length, std::uint64_t seed, std::int64_t step);

/// A question about a sentence, and its answer.
struct Sample {
  std::string prompt;  ///< "The small cat ... river.\nWhat colour is the boat? "
  std::string answer;  ///< "red\n"
};
Sample question(std::uint64_t seed, std::uint64_t index);

/// Questions, one a row: prompt and the padding behind the answer (zero bytes) are masked from the loss. No sample is
/// longer than `longest_sample` bytes.
inline constexpr std::int64_t longest_sample = 112;
Batch question_batch(std::int64_t count, std::uint64_t seed, std::int64_t step);

}  // namespace qlab::training
