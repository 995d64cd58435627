// Documents of the Report: log lines, generated scripts; as they are, in the code face.
#include <algorithm>
#include <cmath>

#include "app/gui/views/views.hpp"

namespace qlab::gui {

void draw_documents(const AppState& state, const Ui& ui) {
  if (!state.page().run) return;
  ImGui::PushStyleVar(ImGuiStyleVar_ItemSpacing, {0, 0});
  for (const Document& document : state.page().run->report.documents) {
    write(ui, Face::strong, ui.palette->text, document.name);
    ImGui::Dummy({0, ui.px(4)});
    ImGui::PushFont(ui.fonts[Face::code]);
    ImGui::TextUnformatted(document.text.data(), document.text.data() + document.text.size());
    ImGui::PopFont();
    ImGui::Dummy({0, ui.px(14)});
  }
  ImGui::PopStyleVar();
}

}  // namespace qlab::gui
