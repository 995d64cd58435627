// Reads a TOML file key by key and says exactly what is wrong with it. The first mistake sticks: after it every read
// returns an empty value, and the loader looks at TomlFile::error once, at the end. Included by the loader only.
// SPDX-License-Identifier: MIT
#pragma once

#include <toml++/toml.h>

#include <cstdint>
#include <filesystem>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"
#include "core/base/text.hpp"
#include "core/experiment/parameters.hpp"

namespace qlab::lessons {

class TomlFile {
 public:
  /// Errors: as read_text_file; bad_file with the line of malformed TOML.
  static Result<TomlFile> parse(const std::filesystem::path& path);

  const toml::table& root() const { return root_; }
  const std::optional<Error>& error() const { return error_; }
  std::string where(toml::source_index line) const;  ///< "nf4/lesson.toml:12"
  void refuse(std::string what, toml::source_index line, std::string hint);

 private:
  TomlFile(std::filesystem::path path, toml::table root) : path_(std::move(path)), root_(std::move(root)) {}

  std::filesystem::path path_;
  toml::table root_;
  std::optional<Error> error_;
};

/// One table of the file, called `name` in messages ("parameter 'block_size'").
class TomlTable {
 public:
  TomlTable(TomlFile& file, const toml::table& table, std::string name)
      : file_(file), table_(table), name_(std::move(name)) {}

  const std::string& name() const { return name_; }
  void rename(std::string name) { name_ = std::move(name); }
  bool has(std::string_view key) const { return table_.contains(key); }
  toml::source_index line_of(std::string_view key) const;  ///< of the table itself if it lacks the key

  /// Refuses every key that is not in `keys`.
  void allow(std::initializer_list<std::string_view> keys);
  /// A mistake in the value of `key` (or, if the table lacks it, of the table): "WHAT in NAME".
  void refuse(std::string_view key, std::string_view what, std::string hint);

  // A missing key is refused by the first of each pair and gives nothing in the second.
  std::string string(std::string_view key);
  std::optional<std::string> optional_string(std::string_view key);
  double number(std::string_view key);
  std::optional<double> optional_number(std::string_view key);  ///< finite or infinite, never NaN
  std::optional<bool> optional_flag(std::string_view key);
  Text text(std::string_view key);  ///< { en = "...", zh = "..." }, both, one line each
  std::optional<Text> optional_text(std::string_view key);

  /// An array of tables; empty if there is none. Called "NAME_OF_ONE 3 of NAME" until renamed.
  std::vector<TomlTable> tables(std::string_view key, std::string_view name_of_one);
  std::optional<ParameterValue> value(std::string_view key);  ///< a number, a flag or a text
  std::optional<TomlTable> table(std::string_view key, std::string name);
  std::vector<std::string> keys() const;

 private:
  void require(std::string_view key, std::string_view example);
  const toml::node* find(std::string_view key, std::string_view expected, bool (*fits)(const toml::node&));

  TomlFile& file_;
  const toml::table& table_;
  std::string name_;
};

}  // namespace qlab::lessons
