#include "app/views/live_value.hpp"

#include "app/views/number.hpp"

namespace qlab {

std::string show_value(const ParameterSpec& spec, const ParameterValue& value, Language language) {
  if (const double* number = std::get_if<double>(&value)) return show_quantity(*number, spec.unit, 6);
  if (const bool* flag = std::get_if<bool>(&value)) {
    return language == Language::zh ? (*flag ? "开" : "关") : (*flag ? "on" : "off");
  }
  const std::string& text = std::get<std::string>(value);
  for (const Choice& choice : spec.choices) {
    if (choice.id == text) return choice.label.in(language);
  }
  return text;
}

std::optional<std::string> live_value(const Report& report, const Parameters& parameters, std::string_view name,
                                      Language language) {
  constexpr std::string_view values = "values.";
  constexpr std::string_view settings = "parameters.";
  if (name.starts_with(values)) {
    const Value* value = report.find_value(name.substr(values.size()));
    if (value != nullptr) return show_quantity(value->number, value->unit);
  } else if (name.starts_with(settings)) {
    const ParameterSpec* spec = parameters.find(name.substr(settings.size()));
    if (spec != nullptr) return show_value(*spec, parameters.value(spec->name), language);
  }
  return std::nullopt;
}

}  // namespace qlab
