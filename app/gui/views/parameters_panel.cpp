// The panel of controls at the right: scenarios, then one control for each parameter of the lesson.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>

#include "app/gui/slider.hpp"
#include "app/gui/strings.hpp"
#include "app/gui/views/views.hpp"
#include "app/gui/widgets/controls.hpp"
#include "app/gui/widgets/rich_text.hpp"
#include "app/gui/widgets/text_input.hpp"
#include "app/views/live_value.hpp"

namespace qlab::gui {
namespace {

struct Generator {
  const char* source;
  Phrase name;
};
constexpr std::array generators{
    Generator{"normal", Phrase::generator_normal},       Generator{"laplace", Phrase::generator_laplace},
    Generator{"student_t", Phrase::generator_student_t}, Generator{"uniform", Phrase::generator_uniform},
    Generator{"outliers", Phrase::generator_outliers},
};

bool is_slider(const ParameterSpec& spec) {
  return spec.kind == ParameterKind::number || spec.kind == ParameterKind::integer;
}

/// A slider would skip thousands of values from one pixel to the next (a seed): these are typed, or stepped one by one.
bool is_stepper(const ParameterSpec& spec) {
  constexpr double too_many = 100000;
  return spec.kind == ParameterKind::integer && !spec.logarithmic && spec.maximum - spec.minimum > too_many;
}

/// "Ratio r": the label, and the symbol where the label does not show it already ("Hidden size H", "Block size").
std::string label_of(const ParameterSpec& spec, Language language) {
  const std::string& label = spec.label.in(language);
  const auto same = [](char a, char b) {
    return std::tolower(static_cast<unsigned char>(a)) == std::tolower(static_cast<unsigned char>(b));
  };
  const bool shown =
      std::search(label.begin(), label.end(), spec.symbol.begin(), spec.symbol.end(), same) != label.end();
  return shown ? label : fmt::format("{} {}", label, spec.symbol);
}

class Panel {
 public:
  Panel(AppState& state, const Ui& ui)
      : state_(state), ui_(ui), width_(ImGui::GetWindowWidth() - ImGui::GetCursorPosX() - ui.px(20)) {}

  void draw() {
    draw_title();
    draw_scenarios();
    // By index: what is clicked may change the values, never the specs.
    const auto& specs = state_.lesson().parameters;
    for (const ParameterSpec& spec : specs) {
      ImGui::PushID(spec.name.c_str());
      draw(spec);
      ImGui::PopID();
    }
    if (std::any_of(specs.begin(), specs.end(), is_slider)) {
      ImGui::Dummy({0, ui_.px(6)});
      draw_wrapped(ui_, say(Phrase::type_hint, state_.language), width_, {Face::small, ui_.palette->muted});
    }
  }

 private:
  const ParameterValue& value_of(const ParameterSpec& spec) const { return state_.page().parameters.value(spec.name); }

  void draw_title() {
    const char* reset = say(Phrase::reset_all, state_.language);
    const float y = ImGui::GetCursorPosY();
    ImGui::SetCursorPosY(y + ui_.px(3));
    write(ui_, Face::heading, ui_.palette->text, say(Phrase::parameters, state_.language));
    const float right = ImGui::GetCursorPosX() + width_ - text_width(ui_, Face::body, reset) - ui_.px(24);
    ImGui::SetCursorPos({right, y});
    if (button(ui_, reset, Emphasis::quiet, anything_changed(state_))) reset_all(state_);
    ImGui::Dummy({0, ui_.px(4)});
  }

  void draw_scenarios() {
    const auto& scenarios = state_.lesson().scenarios;
    if (scenarios.size() < 2) return;
    write(ui_, Face::small, ui_.palette->muted, say(Phrase::scenario, state_.language));
    std::vector<std::string> titles;
    int selected = 0;
    for (const lessons::Scenario& scenario : scenarios) {
      if (scenario.name == state_.page().scenario) selected = static_cast<int>(titles.size());
      titles.push_back(scenario.title.in(state_.language));
    }
    const int clicked = combo(ui_, "##scenario", titles, selected, width_);
    if (clicked >= 0) select_scenario(state_, scenarios[static_cast<std::size_t>(clicked)].name);
    ImGui::Dummy({0, ui_.px(8)});
  }

  void draw(const ParameterSpec& spec) {
    draw_label(spec);
    switch (spec.kind) {
      case ParameterKind::number:
      case ParameterKind::integer:
        if (!is_stepper(spec)) draw_slider(spec);
        break;
      case ParameterKind::choice: draw_choice(spec); break;
      case ParameterKind::flag: draw_flag(spec); break;
      case ParameterKind::text: draw_input(spec, ""); break;
      case ParameterKind::tensor: draw_tensor(spec); break;
    }
    draw_refusal(spec);
    ImGui::Dummy({0, ui_.px(8)});
  }

  /// Label and symbol at the left; the value and the reset sign at the right.
  void draw_label(const ParameterSpec& spec) {
    const Palette& palette = *ui_.palette;
    const ImVec2 corner = ImGui::GetCursorScreenPos();
    const float height = std::round(line_height(ui_.fonts[Face::body]));
    const float reset_x = corner.x + width_ - height;
    float value_x = reset_x - ui_.px(4);
    if (is_stepper(spec)) {
      value_x = draw_stepper(spec, corner, value_x);
    } else if (is_slider(spec)) {
      value_x = draw_value(spec, corner, value_x);
    }

    const std::string label = label_of(spec, state_.language);
    const float room = value_x - corner.x - ui_.px(10);
    const TextLook look{Face::body, palette.text, 1};
    ImGui::SetCursorScreenPos(corner);
    draw_wrapped(ui_, label, room, look);
    explain_item(ui_, spec.help.in(state_.language));
    const float label_height = text_height(ui_, label, room, look);

    const bool changed = is_changed(state_, spec.name);
    if (changed) {
      ImGui::SetCursorScreenPos({reset_x, corner.y});
      if (sign_button(ui_, "reset", "↺")) reset_parameter(state_, spec.name);
      explain_item(ui_, fmt::format(fmt::runtime(say(Phrase::reset, state_.language)),
                                    show_value(spec, base_value(state_, spec.name), state_.language)));
    }
    ImGui::SetCursorScreenPos({corner.x, corner.y + label_height + ui_.px(3)});
  }

  /// The value, flush right before `right`; a click on it starts typing. Returns where it begins.
  float draw_value(const ParameterSpec& spec, ImVec2 corner, float right) {
    if (state_.typing == spec.name) return draw_typing(spec, corner, right);
    const std::string shown = show_value(spec, value_of(spec), state_.language);
    const ImVec2 size{text_width(ui_, Face::strong, shown) + ui_.px(8), line_height(ui_.fonts[Face::body])};
    const float x = std::round(right - size.x);
    ImGui::SetCursorScreenPos({x, corner.y});
    if (ImGui::InvisibleButton("value", size)) start_typing(state_, spec.name);
    if (ImGui::IsItemHovered()) {
      ImGui::SetMouseCursor(ImGuiMouseCursor_TextInput);
      ImGui::GetWindowDrawList()->AddRectFilled({x, corner.y}, {x + size.x, corner.y + size.y},
                                                ink(ui_.palette->accent_soft), ui_.px(4));
    }
    write_at(ui_, {x + ui_.px(4), corner.y}, Face::strong, ui_.palette->accent, shown);
    return x;
  }

  /// The value between a minus and a plus sign.
  float draw_stepper(const ParameterSpec& spec, ImVec2 corner, float right) {
    const double value = std::get<double>(value_of(spec));
    const float side = std::round(line_height(ui_.fonts[Face::body]));
    const auto step = [&](const char* sign, float x, double next) {
      ImGui::SetCursorScreenPos({x, corner.y});
      const bool possible = next >= spec.minimum && next <= spec.maximum;
      if (sign_button(ui_, sign, sign, possible)) set_parameter(state_, spec.name, next);
    };
    step("+", right - side, value + 1);
    const float x = draw_value(spec, corner, right - side - ui_.px(2)) - side - ui_.px(2);
    step("−", x, value - 1);
    return x;
  }

  float draw_typing(const ParameterSpec& spec, ImVec2 corner, float right) {
    const float x = right - ui_.px(96);
    Field& field = state_.page().fields[spec.name];
    ImGui::SetCursorScreenPos({x, corner.y - ui_.px(4)});
    ImGui::PushStyleVar(ImGuiStyleVar_FramePadding, {ui_.px(6), ui_.px(3)});
    const bool first = std::exchange(state_.typing_starts, false);
    const TextInput input = text_input(ui_, "##typed", field.typed, ui_.px(96), "", first, field.refused.has_value());
    ImGui::PopStyleVar();
    if (input.edited) field.refused.reset();
    if (input.committed) {
      if (type_parameter(state_, spec.name, field.typed)) stop_typing(state_);
    } else if (input.left && !first) {
      stop_typing(state_);
    }
    return x;
  }

  void draw_slider(const ParameterSpec& spec) {
    double position = slider_position(spec, std::get<double>(value_of(spec)));
    const double mark = slider_position(spec, std::get<double>(base_value(state_, spec.name)));
    const SliderState slid = slider(ui_, "slider", width_, position, mark, state_.focused == spec.name);
    if (slid.clicked) state_.focused = spec.name;
    if (slid.ctrl_clicked) start_typing(state_, spec.name);
    if (slid.moved) set_parameter(state_, spec.name, slider_value(spec, position));
  }

  void draw_choice(const ParameterSpec& spec) {
    std::vector<std::string> labels;
    int selected = 0;
    for (const Choice& choice : spec.choices) {
      if (choice.id == std::get<std::string>(value_of(spec))) selected = static_cast<int>(labels.size());
      labels.push_back(choice.label.in(state_.language));
    }
    const bool fits = labels.size() <= 5 && segments_width(ui_, labels) <= width_;
    const int clicked =
        fits ? segments(ui_, "choice", labels, selected, width_) : combo(ui_, "##choice", labels, selected, width_);
    if (clicked < 0) return;
    state_.focused = spec.name;
    set_parameter(state_, spec.name, spec.choices[static_cast<std::size_t>(clicked)].id);
  }

  void draw_flag(const ParameterSpec& spec) {
    const bool on = std::get<bool>(value_of(spec));
    if (!toggle(ui_, say(on ? Phrase::on : Phrase::off, state_.language), on)) return;
    state_.focused = spec.name;
    set_parameter(state_, spec.name, !on);
  }

  void draw_input(const ParameterSpec& spec, const char* hint) {
    const auto found = state_.page().fields.find(spec.name);
    const bool typed_before = found != state_.page().fields.end();
    std::string text = typed_before ? found->second.typed : std::get<std::string>(value_of(spec));
    const bool refused = typed_before && found->second.refused;
    const TextInput input = text_input(ui_, "##input", text, width_, hint, false, refused);
    if (input.committed) {
      type_parameter(state_, spec.name, text);
    } else if (input.edited) {
      state_.page().fields[spec.name] = Field{text, std::nullopt};
    }
  }

  /// The generators as words to click, and below them the source itself to type.
  void draw_tensor(const ParameterSpec& spec) {
    const std::string& source = std::get<std::string>(value_of(spec));
    const ImVec2 corner = ImGui::GetCursorScreenPos();
    const float height = std::round(line_height(ui_.fonts[Face::small]) + ui_.px(6));
    float x = corner.x;
    float y = corner.y;
    for (const Generator& generator : generators) {
      const char* name = say(generator.name, state_.language);
      const float width = std::round(text_width(ui_, Face::small, name) + ui_.px(18));
      if (x > corner.x && x + width > corner.x + width_) {
        x = corner.x;
        y += height + ui_.px(4);
      }
      ImGui::SetCursorScreenPos({x, y});
      if (chip(ui_, name, {width, height}, source == generator.source)) {
        set_parameter(state_, spec.name, generator.source);
      }
      x += width + ui_.px(4);
    }
    ImGui::SetCursorScreenPos({corner.x, y + height + ui_.px(6)});
    draw_input(spec, say(Phrase::tensor_hint, state_.language));
    explain_item(ui_, say(Phrase::tensor_hint, state_.language));
  }

  /// What is wrong with what was typed, or with the run that the last change of this parameter started.
  void draw_refusal(const ParameterSpec& spec) {
    const Page& page = state_.page();
    const auto field = page.fields.find(spec.name);
    const Error* error = field != page.fields.end() && field->second.refused ? &*field->second.refused
                         : page.error && page.touched == spec.name           ? &*page.error
                                                                             : nullptr;
    if (error == nullptr) return;
    ImGui::Dummy({0, ui_.px(2)});
    draw_wrapped(ui_, error->message(), width_, {Face::small, ui_.palette->bad});
  }

  AppState& state_;
  const Ui& ui_;
  float width_;
};

}  // namespace

void draw_parameters(AppState& state, const Ui& ui) { Panel(state, ui).draw(); }

}  // namespace qlab::gui
