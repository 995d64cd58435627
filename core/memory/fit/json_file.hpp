// Small JSON documents that people write: read whole, with every mistake named by file and key.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <filesystem>
#include <initializer_list>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "core/base/result.hpp"

namespace qlab {

inline constexpr std::uintmax_t max_json_bytes = 64 << 20;

/// The text of a regular file. Errors: not_found, bad_file (a folder, too large, not UTF-8), io.
Result<std::string> read_json_text(const std::filesystem::path& path);

/// Parses it. Error: bad_file with the line.
Result<nlohmann::json> parse_json(std::string_view text, const std::string& where);

/// One object, read key by key. The first mistake is kept, and every read after it gives something harmless.
class JsonObject {
 public:
  JsonObject(const nlohmann::json& object, std::string where);

  /// Refuses a key that is not among `known`.
  void allow(std::initializer_list<std::string_view> known);
  std::string text(const char* key);
  std::string optional_text(const char* key, std::string otherwise = {});
  double number(const char* key, double minimum, double maximum);
  std::optional<double> optional_number(const char* key, double minimum, double maximum);
  bool flag(const char* key);
  /// One of several names.
  template <class Value>
  Value choice(const char* key, std::initializer_list<std::pair<std::string_view, Value>> names) {
    const std::string typed = text(key);
    std::string list;
    for (const auto& [name, value] : names) {
      if (name == typed) return value;
      list += (list.empty() ? "" : ", ") + std::string(name);
    }
    refuse(key, "use one of " + list);
    return names.begin()->second;
  }
  const nlohmann::json* find(const char* key) const;  ///< nullptr where it is absent
  void refuse(const char* key, std::string hint);

  const std::optional<Error>& error() const { return error_; }

 private:
  const nlohmann::json& object_;
  std::string where_;
  std::optional<Error> error_;
};

}  // namespace qlab
