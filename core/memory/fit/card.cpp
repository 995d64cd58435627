#include "core/memory/fit/card.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstdlib>

#include "core/base/units.hpp"
#include "core/memory/fit/json_file.hpp"

namespace qlab {
namespace {

constexpr double least_bytes = 1e8;
constexpr double most_bytes = 1e15;
constexpr std::int64_t cublas_threads = 2;  // forward runs on one, backward on another

std::int64_t mebibytes(double count) { return std::llround(count * (1 << 20)); }

/// Lower case letters and digits only, without the maker's words.
std::string key_of(std::string_view name) {
  std::string words;
  for (const char c : name) words += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  for (const std::string_view maker : {"nvidia", "geforce", "tesla"}) {
    if (const auto at = words.find(maker); at != std::string::npos) words.erase(at, maker.size());
  }
  std::erase_if(words, [](unsigned char c) { return std::isalnum(c) == 0; });
  return words;
}

Result<Card> read_card(const nlohmann::json& json, const std::string& where) {
  JsonObject object(json, where);
  object.allow({"name", "aliases", "sold_gib", "driver_gib", "architecture", "flash_attention", "cublas_mib",
                "context_mib", "context_source", "source"});
  Card card;
  card.name = object.text("name");
  const auto* aliases = object.find("aliases");
  if (aliases != nullptr && aliases->is_array() &&
      std::all_of(aliases->begin(), aliases->end(), [](const auto& alias) { return alias.is_string(); })) {
    card.aliases = aliases->get<std::vector<std::string>>();
  } else {
    object.refuse("aliases", "give a list of names, which may be empty");
  }
  card.sold_gib = object.number("sold_gib", 0.1, 1e6);
  card.bytes = std::llround(object.number("driver_gib", 0.1, 1e6) * bytes_per_GiB);
  card.overheads.flash_attention = object.flag("flash_attention");
  card.overheads.workspace_bytes = cublas_threads * mebibytes(object.number("cublas_mib", 0, 1024));
  if (const auto context = object.optional_number("context_mib", 0, 65536)) {
    card.overheads.context_bytes = mebibytes(*context);
    card.overheads.context_measured = true;
  }
  if (object.error()) return *object.error();
  return card;
}

std::string size_label(std::int64_t bytes) {
  return fmt::format("{:.2f} GiB", static_cast<double>(bytes) / bytes_per_GiB);
}

}  // namespace

Result<std::vector<Card>> load_cards(const std::filesystem::path& file) {
  const auto text = read_json_text(file);
  if (!text) return text.error();
  const auto json = parse_json(*text, file.string());
  if (!json) return json.error();
  JsonObject document(*json, file.string());
  document.allow({"format_version", "note", "cards"});
  const auto* rows = document.find("cards");
  if (rows == nullptr || !rows->is_array()) document.refuse("cards", "give a list of cards");
  if (document.error()) return *document.error();
  std::vector<Card> cards;
  for (const auto& row : *rows) {
    auto card = read_card(row, fmt::format("{}, card {}", file.string(), cards.size()));
    if (!card) return card.error();
    cards.push_back(*std::move(card));
  }
  return cards;
}

const Card* find_card(std::span<const Card> cards, std::string_view name) {
  const std::string key = key_of(name);
  const auto is_it = [&](const std::string& alias) { return key_of(alias) == key; };
  const auto found = std::find_if(cards.begin(), cards.end(), [&](const Card& card) {
    return is_it(card.name) || std::any_of(card.aliases.begin(), card.aliases.end(), is_it);
  });
  return found == cards.end() ? nullptr : &*found;
}

Result<CardMemory> parse_card_memory(std::string_view typed, std::span<const Card> cards) {
  const std::string text(typed);
  if (const Card* card = find_card(cards, typed)) {
    return CardMemory{card->bytes, fmt::format("{} ({})", card->name, size_label(card->bytes)), card->overheads, {}};
  }
  const std::string shown = text.substr(0, 40);
  char* end = nullptr;
  const double number = std::strtod(text.c_str(), &end);
  std::string unit = end;
  std::erase(unit, ' ');
  if (end == text.c_str() || std::isalpha(static_cast<unsigned char>(text[0])) != 0) {  // "nan" is no number either
    std::vector<std::string> names;
    for (const Card& card : cards) names.push_back(card.name);
    return Error{Errc::not_found, fmt::format("no card is called '{}'", shown), "--gpu",
                 fmt::format("give a size (24, 24GiB, 24GB, 24e9) or one of {}", fmt::join(names, ", "))};
  }
  const bool plain_bytes = unit.empty() && text.find_first_of("eE") != std::string::npos;
  const double scale = unit == "GB" ? bytes_per_GB : plain_bytes ? 1.0 : bytes_per_GiB;
  const double bytes = number * scale;
  if (!(unit.empty() || unit == "GiB" || unit == "GB") || !(bytes >= least_bytes) || !(bytes <= most_bytes)) {
    return Error{Errc::bad_argument, fmt::format("'{}' is no card's memory", shown), "--gpu",
                 "give 24 or 24GiB (2^30 bytes each), 24GB (1e9), 24e9 (bytes) or a card's name"};
  }
  CardMemory memory;
  memory.bytes = std::llround(bytes);
  memory.label = size_label(memory.bytes);
  if (unit == "GB") {
    memory.hint = fmt::format("{} is {:.2f} GiB: GB is 1e9 bytes; cards are sold in GiB (2^30), for which type {:g}",
                              text, bytes / bytes_per_GiB, number);
  }
  return memory;
}

}  // namespace qlab
