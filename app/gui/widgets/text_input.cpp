#include "app/gui/widgets/text_input.hpp"

namespace qlab::gui {
namespace {

int grow(ImGuiInputTextCallbackData* data) {
  if (data->EventFlag == ImGuiInputTextFlags_CallbackResize) {
    auto& text = *static_cast<std::string*>(data->UserData);
    text.resize(static_cast<std::size_t>(data->BufTextLen));
    data->Buf = text.data();
  }
  return 0;
}

}  // namespace

TextInput text_input(const Ui& ui, const char* id, std::string& text, float width, const char* hint, bool focus,
                     bool refused) {
  ImGui::PushStyleColor(ImGuiCol_Border, vec4(refused ? ui.palette->bad : ui.palette->line));
  ImGui::SetNextItemWidth(width);
  if (focus) ImGui::SetKeyboardFocusHere();
  TextInput result;
  const bool entered = ImGui::InputTextWithHint(
      id, hint, text.data(), text.capacity() + 1,
      ImGuiInputTextFlags_CallbackResize | ImGuiInputTextFlags_EnterReturnsTrue | ImGuiInputTextFlags_AutoSelectAll,
      grow, &text);
  result.edited = ImGui::IsItemEdited();
  result.committed = entered || ImGui::IsItemDeactivatedAfterEdit();
  result.left = ImGui::IsItemDeactivated();
  ImGui::PopStyleColor();
  return result;
}

}  // namespace qlab::gui
