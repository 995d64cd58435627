// Graphics cards: how much memory each really offers, and what PyTorch takes of it for itself.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"

namespace qlab {

/// What a process takes on a card beside its tensors. The defaults are an allowance for a card of unknown make, from
/// Ampere on.
struct CardOverheads {
  std::int64_t context_bytes = std::int64_t{512} << 20;  ///< the CUDA context and the kernels' code
  bool context_measured = false;                         ///< false: the allowance above
  std::int64_t workspace_bytes = 2 * 8320 * 1024;        ///< cuBLAS, one for each of the two threads that call it
  bool flash_attention = true;                           ///< PyTorch has the kernel from compute capability 8.0 on
};

struct Card {
  std::string name;                  ///< "RTX 4090"
  std::vector<std::string> aliases;  ///< as drivers and people say it
  double sold_gib = 0;               ///< the number on the box
  std::int64_t bytes = 0;            ///< what CUDA offers a process
  CardOverheads overheads;
};

/// Reads assets/gpus.json. Errors: not_found, bad_file that names the card and the key.
Result<std::vector<Card>> load_cards(const std::filesystem::path& file);

/// The card of that name or alias; case, blanks and dashes do not count, nor do the words NVIDIA, GeForce and Tesla.
/// nullptr if there is none.
const Card* find_card(std::span<const Card> cards, std::string_view name);

/// The memory that a plan must fit into.
struct CardMemory {
  std::int64_t bytes = 0;
  std::string label;  ///< "RTX 4090 (23.65 GiB)", "24 GiB"
  CardOverheads overheads;
  std::string hint;  ///< what the reader should know about what they typed; may be empty
};

/// "24" and "24GiB" are GiB, "24GB" is 24e9 bytes (with a hint), "24e9" is bytes, "RTX 4090" a card's real bytes.
/// Errors: bad_argument for a size that cannot be read or lies outside 100 MB to 1 PB, not_found for a card of another
/// name, with the names there are.
Result<CardMemory> parse_card_memory(std::string_view typed, std::span<const Card> cards);

}  // namespace qlab
