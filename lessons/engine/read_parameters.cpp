#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <utility>

#include "lessons/engine/lesson_parts.hpp"

namespace qlab::lessons {
namespace {

bool is_numeric(ParameterKind kind) { return kind == ParameterKind::number || kind == ParameterKind::integer; }

bool is_symbol(std::string_view symbol) {
  const auto alphanumeric = [](unsigned char c) { return std::isalnum(c) != 0 || c == '_'; };
  return !symbol.empty() && std::isalpha(static_cast<unsigned char>(symbol[0])) != 0 &&
         std::all_of(symbol.begin(), symbol.end(), alphanumeric);
}

void read_kind(TomlTable& table, ParameterSpec& spec, const ParameterSpec* inherited) {
  if (inherited != nullptr && !table.has("kind")) return;
  const std::string typed = table.string("kind");
  const auto named = parameter_kind_from_name(typed);
  if (!named) {
    table.refuse("kind", fmt::format("kind '{}'", typed), "expected number, integer, choice, flag, text or tensor");
  } else if (inherited != nullptr && *named != inherited->kind) {
    table.refuse("kind", fmt::format("changed kind '{}'", typed), "leave the key 'kind' out: it is inherited");
  } else {
    spec.kind = *named;
  }
}

void allow_keys_of(ParameterKind kind, TomlTable& table) {
  if (is_numeric(kind)) {
    table.allow(
        {"name", "symbol", "kind", "label", "help", "unit", "minimum", "maximum", "step", "logarithmic", "default"});
  } else if (kind == ParameterKind::choice) {
    table.allow({"name", "symbol", "kind", "label", "help", "choices", "default"});
  } else {
    table.allow({"name", "symbol", "kind", "label", "help", "default"});
  }
}

double read_finite(TomlTable& table, std::string_view key, double number, bool whole) {
  if (!std::isfinite(number)) table.refuse(key, fmt::format("infinite '{}'", key), "expected a finite number");
  if (whole && number != std::floor(number)) {
    table.refuse(key, fmt::format("{} {}", key, number), "expected a whole number, since kind is integer");
  }
  return number;
}

void read_range(TomlTable& table, ParameterSpec& spec, const ParameterSpec* inherited) {
  const bool whole = spec.kind == ParameterKind::integer;
  for (const auto& [key, bound] : {std::pair("minimum", &spec.minimum), std::pair("maximum", &spec.maximum)}) {
    if (inherited == nullptr || table.has(key)) *bound = read_finite(table, key, table.number(key), whole);
  }
  if (spec.minimum > spec.maximum) {
    table.refuse(table.has("minimum") ? "minimum" : "maximum",
                 fmt::format("minimum {} above maximum {}", spec.minimum, spec.maximum), "expected minimum <= maximum");
  }
  if (inherited != nullptr && spec.minimum < inherited->minimum) {
    table.refuse("minimum", fmt::format("minimum {}", spec.minimum),
                 fmt::format("expected at least {}, the experiment's own minimum", inherited->minimum));
  }
  if (inherited != nullptr && spec.maximum > inherited->maximum) {
    table.refuse("maximum", fmt::format("maximum {}", spec.maximum),
                 fmt::format("expected at most {}, the experiment's own maximum", inherited->maximum));
  }
  if (const auto step = table.optional_number("step")) {
    spec.step = read_finite(table, "step", *step, whole);
    if (spec.step <= 0) table.refuse("step", fmt::format("step {}", spec.step), "expected more than 0");
  }
  spec.logarithmic = table.optional_flag("logarithmic").value_or(spec.logarithmic);
  if (spec.logarithmic && spec.minimum <= 0) {
    table.refuse("logarithmic", fmt::format("logarithmic scale from minimum {}", spec.minimum),
                 "expected a minimum above 0");
  }
}

void read_choices(TomlTable& table, ParameterSpec& spec, const ParameterSpec* inherited) {
  if (inherited != nullptr && !table.has("choices")) return;
  spec.choices.clear();
  for (TomlTable& entry : table.tables("choices", "choice")) {
    entry.allow({"id", "label"});
    Choice choice{entry.string("id"), {}};
    const auto same_id = [&](const Choice& other) { return other.id == choice.id; };
    const Choice* known = nullptr;
    if (inherited != nullptr) {
      const auto found = std::find_if(inherited->choices.begin(), inherited->choices.end(), same_id);
      if (found == inherited->choices.end()) {
        std::vector<std::string_view> ids;
        for (const Choice& one : inherited->choices) ids.push_back(one.id);
        entry.refuse("id", fmt::format("unknown choice '{}'", choice.id),
                     fmt::format("expected some of {}", fmt::join(ids, ", ")));
        return;
      }
      known = &*found;
    }
    choice.label = known != nullptr && !entry.has("label") ? known->label : entry.text("label");
    if (choice.id.empty() || std::any_of(spec.choices.begin(), spec.choices.end(), same_id)) {
      entry.refuse("id", fmt::format("empty or repeated id '{}'", choice.id), "expected a different id for each");
    }
    spec.choices.push_back(std::move(choice));
  }
  if (spec.choices.empty()) {
    table.refuse("choices", "no choices",
                 R"(expected choices = [ { id = "...", label = { en = "...", zh = "..." } } ])");
  }
}

void read_default(TomlTable& table, ParameterSpec& spec, const ParameterSpec* inherited) {
  if (inherited == nullptr && !table.has("default")) {
    table.refuse("default", "missing key 'default'", "expected default = the value it starts with");
    return;
  }
  if (const auto value = table.value("default")) spec.fallback = *value;
  if (const auto checked = check_value(spec, spec.fallback); !checked) {
    table.refuse("default", fmt::format("default '{}'", to_string(spec.fallback)), checked.error().hint);
  }
}

void read_parameter(TomlTable& table, ParameterSpec& spec, const ParameterSpec* inherited) {
  read_kind(table, spec, inherited);
  allow_keys_of(spec.kind, table);
  if (const auto symbol = table.optional_string("symbol")) {
    spec.symbol = *symbol;
    if (!is_symbol(*symbol)) {
      table.refuse("symbol", fmt::format("symbol '{}'", *symbol), "expected a letter, then letters, digits or _");
    }
  }
  if (inherited == nullptr || table.has("label")) spec.label = table.text("label");
  if (const auto help = table.optional_text("help")) spec.help = *help;
  if (const auto unit = table.optional_string("unit")) spec.unit = *unit;
  if (is_numeric(spec.kind)) read_range(table, spec, inherited);
  if (spec.kind == ParameterKind::choice) read_choices(table, spec, inherited);
  read_default(table, spec, inherited);
}

/// The first other parameter that answers to `word`, as its name or its symbol.
const ParameterSpec* other_called(std::span<const ParameterSpec> specs, const ParameterSpec& self,
                                  std::string_view word) {
  const auto clash = [&](const ParameterSpec& other) {
    return &other != &self && !word.empty() && (other.name == word || other.symbol == word);
  };
  const auto found = std::find_if(specs.begin(), specs.end(), clash);
  return found == specs.end() ? nullptr : &*found;
}

void refuse_clashes(TomlTable& table, std::span<const ParameterSpec> specs, const ParameterSpec& self) {
  for (const auto& [key, word] : {std::pair("name", &self.name), std::pair("symbol", &self.symbol)}) {
    if (const ParameterSpec* other = other_called(specs, self, *word)) {
      table.refuse(key, fmt::format("{} '{}'", key, *word),
                   fmt::format("expected one that no other parameter answers to; '{}' does", other->name));
    }
  }
}

}  // namespace

bool is_snake_case(std::string_view name) {
  const auto fits = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; };
  return !name.empty() && name[0] >= 'a' && name[0] <= 'z' && std::all_of(name.begin(), name.end(), fits);
}

std::vector<ParameterSpec> read_parameters(TomlTable& lesson, std::span<const ParameterSpec> inherited) {
  std::vector<ParameterSpec> specs(inherited.begin(), inherited.end());
  std::vector<TomlTable> tables = lesson.tables("parameters", "parameter");
  specs.reserve(specs.size() + tables.size());
  std::vector<std::string> seen;
  for (TomlTable& table : tables) {
    const std::string name = table.string("name");
    if (!is_snake_case(name)) {
      table.refuse("name", fmt::format("name '{}'", name), "expected snake_case: a-z, 0-9 and _");
    }
    table.rename(fmt::format("parameter '{}'", name));
    if (std::find(seen.begin(), seen.end(), name) != seen.end()) {
      table.refuse("name", fmt::format("second entry '{}'", name), "expected one entry a parameter");
    }
    seen.push_back(name);
    const auto known = std::find_if(inherited.begin(), inherited.end(), [&](auto& spec) { return spec.name == name; });
    if (known != inherited.end()) {
      ParameterSpec& spec = specs[static_cast<std::size_t>(known - inherited.begin())];
      read_parameter(table, spec, &*known);
      refuse_clashes(table, specs, spec);
    } else if (!inherited.empty()) {
      std::vector<std::string_view> names;
      for (const ParameterSpec& spec : inherited) names.push_back(spec.name);
      table.refuse("name", fmt::format("unknown name '{}'", name),
                   fmt::format("expected a parameter of the experiment: {}", fmt::join(names, ", ")));
    } else {
      specs.emplace_back().name = name;
      read_parameter(table, specs.back(), nullptr);
      refuse_clashes(table, specs, specs.back());
    }
  }
  return specs;
}

}  // namespace qlab::lessons
