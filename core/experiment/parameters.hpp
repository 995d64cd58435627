// Parameters of an experiment: what a slider, a --set or a scenario may change, checked against what the lesson allows.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/base/result.hpp"
#include "core/base/text.hpp"

namespace qlab {

enum class ParameterKind {
  number,   ///< double within [minimum, maximum]
  integer,  ///< whole number within [minimum, maximum]
  choice,   ///< one of `choices`
  flag,     ///< true or false
  text,     ///< anything
  tensor,   ///< a tensor source, core/tensor/source.hpp
};

/// What a lesson.toml and JSON call a kind ("integer").
const char* name_of(ParameterKind kind);
std::optional<ParameterKind> parameter_kind_from_name(std::string_view name);

struct Choice {
  std::string id;
  Text label;
};

using ParameterValue = std::variant<double, bool, std::string>;

/// What a lesson says of one parameter. Unused fields stay empty.
struct ParameterSpec {
  std::string name;    ///< snake_case
  std::string symbol;  ///< "H"; empty if it has none
  ParameterKind kind = ParameterKind::number;
  Text label;
  Text help;
  std::string unit;
  double minimum = 0;
  double maximum = 0;
  double step = 0;           ///< of the slider; 0: continuous
  bool logarithmic = false;  ///< slider and default axis
  std::vector<Choice> choices;
  ParameterValue fallback;  ///< the default
};

/// The value as people type it ("4096", "0.5", "true", "nf4"); parse_value() reads it back exactly.
std::string to_string(const ParameterValue& value);

/// Reads a typed value for `spec`. Error: bad_argument that names the parameter and what it takes
/// ("block_size is 8": "use 16 to 4096"); of a tensor as parse_tensor_source(), no file is opened.
Result<ParameterValue> parse_value(const ParameterSpec& spec, std::string_view typed);

/// Checks kind and range of an already typed value. Error as in parse_value.
Result<Done> check_value(const ParameterSpec& spec, const ParameterValue& value);

/// A value for every spec, in the specs' order. An experiment only ever sees a complete and valid set.
class Parameters {
 public:
  explicit Parameters(std::vector<ParameterSpec> specs);  ///< every parameter at its default

  const std::vector<ParameterSpec>& specs() const { return specs_; }
  const ParameterSpec* find(std::string_view name_or_symbol) const;  ///< nullptr if there is none
  const ParameterValue& value(std::string_view name) const;

  /// By name or by symbol. Errors: not_found that lists the names there are; bad_argument as in parse_value.
  Result<Done> set(std::string_view name_or_symbol, std::string_view typed);
  Result<Done> set_value(std::string_view name, ParameterValue value);  ///< for the window's sliders
  void reset(std::string_view name);

  // Readers for experiments; a name or kind that the lesson does not have is a mistake of ours and aborts.
  double number(std::string_view name) const;
  std::int64_t integer(std::string_view name) const;
  bool flag(std::string_view name) const;
  const std::string& text(std::string_view name) const;  ///< choice, text or tensor

  bool operator==(const Parameters& other) const { return values_ == other.values_; }

 private:
  std::size_t index_of(std::string_view name) const;

  std::vector<ParameterSpec> specs_;
  std::vector<ParameterValue> values_;
};

}  // namespace qlab
