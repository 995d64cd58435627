#include "lessons/engine/toml_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "lessons/engine/text_file.hpp"

namespace qlab::lessons {
namespace {

std::string type_of(const toml::node& node) {
  switch (node.type()) {
    case toml::node_type::string: return "a text";
    case toml::node_type::integer: return "a whole number";
    case toml::node_type::floating_point: return std::isnan(*node.value<double>()) ? "not a number" : "a number";
    case toml::node_type::boolean: return "true or false";
    case toml::node_type::array: return "a list";
    case toml::node_type::table: return "a table";
    default: return "a date or time";
  }
}

bool is_string(const toml::node& node) { return node.is_string(); }
bool is_flag(const toml::node& node) { return node.is_boolean(); }
bool is_table(const toml::node& node) { return node.is_table(); }
bool is_number(const toml::node& node) { return node.is_number() && !std::isnan(*node.value<double>()); }
bool is_bare_value(const toml::node& node) { return is_string(node) || is_flag(node) || is_number(node); }
bool is_table_list(const toml::node& node) {
  const toml::array* list = node.as_array();
  return list != nullptr && std::all_of(list->begin(), list->end(), is_table);
}

bool on_one_line(std::string_view text) {
  return std::none_of(text.begin(), text.end(),
                      [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

}  // namespace

Result<TomlFile> TomlFile::parse(const std::filesystem::path& path) {
  auto text = read_text_file(path);
  if (!text) return text.error();
  try {
    return TomlFile(path, toml::parse(*text));
  } catch (const toml::parse_error& error) {
    return Error{Errc::bad_file, "malformed TOML", fmt::format("{}:{}", path.string(), error.source().begin.line),
                 std::string(error.description())};
  }
}

std::string TomlFile::where(toml::source_index line) const { return fmt::format("{}:{}", path_.string(), line); }

void TomlFile::refuse(std::string what, toml::source_index line, std::string hint) {
  if (!error_) error_ = Error{Errc::bad_file, std::move(what), where(line), std::move(hint)};
}

toml::source_index TomlTable::line_of(std::string_view key) const {
  const toml::node* node = table_.get(key);
  const toml::source_index line = (node != nullptr ? *node : table_).source().begin.line;
  return std::max<toml::source_index>(line, 1);  // the root table of an empty file has no line
}

void TomlTable::allow(std::initializer_list<std::string_view> keys) {
  for (const auto& [key, node] : table_) {
    if (std::find(keys.begin(), keys.end(), key.str()) == keys.end()) {
      file_.refuse(fmt::format("unknown key '{}' in {}", key.str(), name_), key.source().begin.line,
                   fmt::format("expected {}", fmt::join(keys, ", ")));
    }
  }
}

void TomlTable::refuse(std::string_view key, std::string_view what, std::string hint) {
  file_.refuse(fmt::format("{} in {}", what, name_), line_of(key), std::move(hint));
}

void TomlTable::require(std::string_view key, std::string_view example) {
  if (!has(key)) refuse(key, fmt::format("missing key '{}'", key), fmt::format("expected {} = {}", key, example));
}

const toml::node* TomlTable::find(std::string_view key, std::string_view expected, bool (*fits)(const toml::node&)) {
  const toml::node* node = table_.get(key);
  if (node == nullptr || fits(*node)) return node;
  refuse(key, fmt::format("key '{}' is {}", key, type_of(*node)), fmt::format("expected {}", expected));
  return nullptr;
}

std::optional<std::string> TomlTable::optional_string(std::string_view key) {
  const toml::node* node = find(key, "a text in quotes", is_string);
  if (node == nullptr) return std::nullopt;
  std::string value = **node->as_string();
  if (!on_one_line(value)) refuse(key, fmt::format("key '{}' has control characters", key), "expected one line");
  return value;
}

std::string TomlTable::string(std::string_view key) {
  require(key, "\"...\"");
  return optional_string(key).value_or("");
}

std::optional<double> TomlTable::optional_number(std::string_view key) {
  const toml::node* node = find(key, "a number", is_number);
  return node == nullptr ? std::nullopt : node->value<double>();
}

double TomlTable::number(std::string_view key) {
  require(key, "a number");
  return optional_number(key).value_or(0);
}

std::optional<bool> TomlTable::optional_flag(std::string_view key) {
  const toml::node* node = find(key, "true or false", is_flag);
  return node == nullptr ? std::nullopt : node->value<bool>();
}

std::optional<Text> TomlTable::optional_text(std::string_view key) {
  const toml::node* node = find(key, R"({ en = "...", zh = "..." })", is_table);
  if (node == nullptr) return std::nullopt;
  TomlTable both(file_, *node->as_table(), fmt::format("'{}' of {}", key, name_));
  both.allow({"en", "zh"});
  Text text{both.string("en"), both.string("zh")};
  for (const auto& [language, words] : {std::pair("en", &text.en), std::pair("zh", &text.zh)}) {
    if (words->empty()) both.refuse(language, fmt::format("empty '{}'", language), "expected a text");
  }
  return text;
}

Text TomlTable::text(std::string_view key) {
  require(key, R"({ en = "...", zh = "..." })");
  return optional_text(key).value_or(Text{});
}

std::vector<TomlTable> TomlTable::tables(std::string_view key, std::string_view name_of_one) {
  std::vector<TomlTable> tables;
  const toml::node* node = find(key, fmt::format("a list of tables, [[{}]]", key), is_table_list);
  if (node == nullptr) return tables;
  for (const toml::node& item : *node->as_array()) {
    tables.emplace_back(file_, *item.as_table(), fmt::format("{} {} of {}", name_of_one, tables.size() + 1, name_));
  }
  return tables;
}

std::optional<TomlTable> TomlTable::table(std::string_view key, std::string name) {
  const toml::node* node = find(key, "a table", is_table);
  if (node == nullptr) return std::nullopt;
  return TomlTable(file_, *node->as_table(), std::move(name));
}

std::optional<ParameterValue> TomlTable::value(std::string_view key) {
  const toml::node* node = find(key, "a number, a text in quotes, true or false", is_bare_value);
  if (node == nullptr) return std::nullopt;
  if (const auto* words = node->as_string()) return **words;
  if (const auto* flag = node->as_boolean()) return **flag;
  return *node->value<double>();
}

std::vector<std::string> TomlTable::keys() const {
  std::vector<std::string> keys;
  for (const auto& [key, node] : table_) keys.emplace_back(key.str());
  return keys;
}

}  // namespace qlab::lessons
