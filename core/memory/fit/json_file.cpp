#include "core/memory/fit/json_file.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <system_error>
#include <vector>

#include "core/base/utf8.hpp"

namespace qlab {

using Json = nlohmann::json;

Result<std::string> read_json_text(const std::filesystem::path& path) {
  const std::string where = path.string();
  std::error_code code;
  if (!std::filesystem::exists(path, code)) {
    return Error{Errc::not_found, "no such file", where, "give the path of a JSON file"};
  }
  if (!std::filesystem::is_regular_file(path, code)) {
    return Error{Errc::bad_file, "not a file", where, "give the path of a JSON file"};
  }
  if (std::filesystem::file_size(path, code) > max_json_bytes || code) {
    return Error{Errc::bad_file, "too large to read", where, "give a file of at most 64 MiB"};
  }
  std::ifstream file(path, std::ios::binary);
  std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  if (!file.is_open() || file.bad()) return Error{Errc::io, "cannot be read", where, "check its permissions"};
  return text;
}

Result<Json> parse_json(std::string_view text, const std::string& where) {
  try {
    return Json::parse(text);
  } catch (const Json::parse_error& error) {
    const auto end = text.begin() + static_cast<std::ptrdiff_t>(std::min<std::size_t>(error.byte, text.size()));
    const auto line = 1 + std::count(text.begin(), end, '\n');
    const char* what = find_broken_utf8(text) ? "not UTF-8" : "not JSON";
    return Error{Errc::bad_file, what, fmt::format("{}:{}", where, line), "give a whole JSON document in UTF-8"};
  } catch (const Json::exception&) {  // a number like 1e999
    return Error{Errc::bad_file, "a number is too large for JSON", where, "give numbers below 1e308"};
  }
}

JsonObject::JsonObject(const Json& object, std::string where) : object_(object), where_(std::move(where)) {
  if (!object.is_object()) error_ = Error{Errc::bad_file, "not a JSON object", where_, "give {\"key\": value, ...}"};
}

void JsonObject::allow(std::initializer_list<std::string_view> known) {
  if (error_) return;
  for (const auto& [key, value] : object_.items()) {
    if (std::find(known.begin(), known.end(), key) == known.end()) {
      error_ = Error{Errc::bad_file, fmt::format("unknown key \"{}\"", key.substr(0, 40)), where_,
                     fmt::format("use some of {}", fmt::join(known, ", "))};
      return;
    }
  }
}

const Json* JsonObject::find(const char* key) const {
  if (!object_.is_object()) return nullptr;
  const auto found = object_.find(key);
  return found == object_.end() ? nullptr : &*found;
}

void JsonObject::refuse(const char* key, std::string hint) {
  if (error_) return;
  const Json* value = find(key);
  if (value == nullptr) {
    error_ = Error{Errc::bad_file, fmt::format("{} is missing", key), where_, std::move(hint)};
    return;
  }
  std::string shown = value->dump(-1, ' ', true, Json::error_handler_t::replace);
  if (shown.size() > 40) shown = shown.substr(0, 40) + "...";
  error_ = Error{Errc::bad_file, fmt::format("{} is {}", key, shown), where_, std::move(hint)};
}

std::string JsonObject::text(const char* key) {
  const Json* value = find(key);
  if (value != nullptr && value->is_string()) return value->get<std::string>();
  refuse(key, "give a text");
  return {};
}

std::string JsonObject::optional_text(const char* key, std::string otherwise) {
  return find(key) == nullptr ? std::move(otherwise) : text(key);
}

double JsonObject::number(const char* key, double minimum, double maximum) {
  const Json* value = find(key);
  if (value != nullptr && value->is_number()) {
    const auto number = value->get<double>();
    if (number >= minimum && number <= maximum) return number;
  }
  refuse(key, fmt::format("use a number from {} to {}", minimum, maximum));
  return minimum;
}

std::optional<double> JsonObject::optional_number(const char* key, double minimum, double maximum) {
  if (find(key) == nullptr) return std::nullopt;
  return number(key, minimum, maximum);
}

bool JsonObject::flag(const char* key) {
  const Json* value = find(key);
  if (value != nullptr && value->is_boolean()) return value->get<bool>();
  refuse(key, "use true or false");
  return false;
}

}  // namespace qlab
