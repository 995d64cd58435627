#include "core/experiment/parameters.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <utility>

#include "core/base/check.hpp"
#include "core/tensor/source.hpp"

namespace qlab {
namespace {

struct KindName {
  ParameterKind kind;
  const char* name;
};
constexpr std::array<KindName, 6> kind_names{{{ParameterKind::number, "number"},
                                              {ParameterKind::integer, "integer"},
                                              {ParameterKind::choice, "choice"},
                                              {ParameterKind::flag, "flag"},
                                              {ParameterKind::text, "text"},
                                              {ParameterKind::tensor, "tensor"}}};

bool is_number(ParameterKind kind) { return kind == ParameterKind::number || kind == ParameterKind::integer; }

std::string allowed(const ParameterSpec& spec) {
  switch (spec.kind) {
    case ParameterKind::number: return fmt::format("use a number from {} to {}", spec.minimum, spec.maximum);
    case ParameterKind::integer: return fmt::format("use a whole number from {} to {}", spec.minimum, spec.maximum);
    case ParameterKind::flag: return "use true or false";
    case ParameterKind::choice: {
      std::string list = "use one of";
      for (const Choice& choice : spec.choices) list += (&choice == spec.choices.data() ? " " : ", ") + choice.id;
      return list;
    }
    case ParameterKind::text:
    case ParameterKind::tensor: break;
  }
  return "use text";
}

Error refuse(const ParameterSpec& spec, std::string_view typed) {
  return {Errc::bad_argument, fmt::format("{} is '{}'", spec.name, typed), "", allowed(spec)};
}

}  // namespace

const char* name_of(ParameterKind kind) {
  const auto row = std::find_if(kind_names.begin(), kind_names.end(), [&](auto& one) { return one.kind == kind; });
  QLAB_CHECK(row != kind_names.end());
  return row->name;
}

std::optional<ParameterKind> parameter_kind_from_name(std::string_view name) {
  const auto row = std::find_if(kind_names.begin(), kind_names.end(), [&](auto& one) { return one.name == name; });
  return row == kind_names.end() ? std::nullopt : std::optional(row->kind);
}

std::string to_string(const ParameterValue& value) {
  if (const auto* number = std::get_if<double>(&value)) return fmt::format("{}", *number);
  if (const auto* flag = std::get_if<bool>(&value)) return *flag ? "true" : "false";
  return std::get<std::string>(value);
}

Result<ParameterValue> parse_value(const ParameterSpec& spec, std::string_view typed) {
  ParameterValue value = std::string(typed);
  if (is_number(spec.kind)) {
    double number = 0;
    const auto [end, code] = std::from_chars(typed.data(), typed.data() + typed.size(), number);
    if (code != std::errc() || end != typed.data() + typed.size()) return refuse(spec, typed);
    value = number;
  } else if (spec.kind == ParameterKind::flag) {
    if (typed != "true" && typed != "false") return refuse(spec, typed);
    value = typed == "true";
  }
  if (auto checked = check_value(spec, value); !checked) return checked.error();
  return value;
}

Result<Done> check_value(const ParameterSpec& spec, const ParameterValue& value) {
  bool fits = false;
  if (is_number(spec.kind)) {
    const auto* number = std::get_if<double>(&value);
    fits = number != nullptr && *number >= spec.minimum && *number <= spec.maximum &&
           (spec.kind == ParameterKind::number || *number == std::floor(*number));
  } else if (spec.kind == ParameterKind::flag) {
    fits = std::holds_alternative<bool>(value);
  } else if (const auto* text = std::get_if<std::string>(&value)) {
    fits = spec.kind != ParameterKind::choice ||
           std::any_of(spec.choices.begin(), spec.choices.end(), [&](const Choice& c) { return c.id == *text; });
  }
  if (!fits) return refuse(spec, to_string(value));
  if (spec.kind == ParameterKind::tensor) {
    if (const auto source = parse_tensor_source(std::get<std::string>(value)); !source) return source.error();
  }
  return Done{};
}

Parameters::Parameters(std::vector<ParameterSpec> specs) : specs_(std::move(specs)) {
  values_.reserve(specs_.size());
  for (const ParameterSpec& spec : specs_) values_.push_back(spec.fallback);
}

const ParameterSpec* Parameters::find(std::string_view name_or_symbol) const {
  const auto called = [&](const ParameterSpec& spec) {
    return spec.name == name_or_symbol || (!spec.symbol.empty() && spec.symbol == name_or_symbol);
  };
  const auto found = std::find_if(specs_.begin(), specs_.end(), called);
  return found == specs_.end() ? nullptr : &*found;
}

std::size_t Parameters::index_of(std::string_view name) const {
  const ParameterSpec* spec = find(name);
  QLAB_CHECK(spec != nullptr);
  return static_cast<std::size_t>(spec - specs_.data());
}

const ParameterValue& Parameters::value(std::string_view name) const { return values_[index_of(name)]; }

Result<Done> Parameters::set(std::string_view name_or_symbol, std::string_view typed) {
  const ParameterSpec* spec = find(name_or_symbol);
  if (spec == nullptr) {
    std::string names;
    for (const ParameterSpec& known : specs_) {
      names += (names.empty() ? "" : ", ") + known.name + (known.symbol.empty() ? "" : " (" + known.symbol + ")");
    }
    return Error{Errc::not_found, fmt::format("no parameter '{}'", name_or_symbol), "",
                 names.empty() ? "this lesson has none" : "use one of " + names};
  }
  auto value = parse_value(*spec, typed);
  if (!value) return value.error();
  values_[index_of(spec->name)] = *std::move(value);
  return Done{};
}

Result<Done> Parameters::set_value(std::string_view name, ParameterValue value) {
  const std::size_t index = index_of(name);
  if (auto checked = check_value(specs_[index], value); !checked) return checked;
  values_[index] = std::move(value);
  return Done{};
}

void Parameters::reset(std::string_view name) {
  const std::size_t index = index_of(name);
  values_[index] = specs_[index].fallback;
}

double Parameters::number(std::string_view name) const { return std::get<double>(value(name)); }
std::int64_t Parameters::integer(std::string_view name) const { return static_cast<std::int64_t>(number(name)); }
bool Parameters::flag(std::string_view name) const { return std::get<bool>(value(name)); }
const std::string& Parameters::text(std::string_view name) const { return std::get<std::string>(value(name)); }

}  // namespace qlab
