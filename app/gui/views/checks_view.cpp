// What the run was checked against: computed and expected figure, source, and the verdict on claims in circulation.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "app/gui/strings.hpp"
#include "app/gui/views/views.hpp"
#include "app/gui/widgets/rich_text.hpp"
#include "app/views/number.hpp"

namespace qlab::gui {
namespace {

const char* relation_sign(const Check& check) {
  switch (check.relation) {
    case Relation::at_least: return "≥ ";
    case Relation::at_most: return "≤ ";
    case Relation::equals: break;
  }
  return "";
}

Phrase verdict_of(const Check& check) {
  if (!check.passed) return Phrase::check_failed;
  if (!check.claim) return Phrase::check_ok;
  return check.claim_holds ? Phrase::claim_confirmed : Phrase::claim_refuted;
}

/// "10 of 10 agree with their sources. 4 claims in circulation do not hold."
std::string summary_of(const std::vector<Check>& checks, Language language) {
  const auto passed = std::count_if(checks.begin(), checks.end(), [](const Check& check) { return check.passed; });
  const auto refuted =
      std::count_if(checks.begin(), checks.end(), [](const Check& check) { return check.claim && !check.claim_holds; });
  std::string text = fmt::format(fmt::runtime(say(Phrase::checks_passed, language)), passed, checks.size());
  if (refuted > 0) text += fmt::format(fmt::runtime(say(Phrase::claims_refuted, language)), refuted);
  return text;
}

void draw_check(const Ui& ui, const Check& check, Language language, float width) {
  const Palette& palette = *ui.palette;
  const chart::Color color = check.passed ? palette.good : palette.bad;
  const ImVec2 corner = ImGui::GetCursorScreenPos();
  const float indent = ui.px(34);
  const float figures = std::min(ui.px(290), width * 0.42F);
  write_at(ui, {corner.x + ui.px(10), corner.y}, Face::strong, color, check.passed ? "✓" : "✗");
  const bool refuted = check.passed && check.claim && !check.claim_holds;
  const chart::Color& verdict_color = refuted ? palette.doubt : color;
  const std::string verdict = say(verdict_of(check), language);
  const std::string computed = show_number(check.value, 6);
  const std::string expected = fmt::format("{} {}{}", say(Phrase::check_expected, language), relation_sign(check),
                                           show_number(check.expected, 6));
  const float right = corner.x + width;
  write_at(ui, {std::round(right - text_width(ui, Face::small, verdict)), corner.y + ui.px(2)}, Face::small,
           verdict_color, verdict);
  const float column = right - figures;
  write_at(ui, {column, corner.y}, Face::strong, palette.text, computed);
  write_at(ui, {column + text_width(ui, Face::strong, computed) + ui.px(10), corner.y + ui.px(2)}, Face::small,
           palette.muted, expected);

  ImGui::SetCursorScreenPos({corner.x + indent, corner.y});
  ImGui::BeginGroup();
  const float room = width - figures - indent - ui.px(12);
  draw_wrapped(ui, check.label.in(language), room, {Face::body, palette.text, 1.05});
  draw_wrapped(ui, check.source.in(language), room, {Face::small, palette.muted, 1.05});
  if (check.claim) {
    const Phrase phrase = check.claim_holds ? Phrase::claim_holds : Phrase::claim_fails;
    draw_wrapped(
        ui, fmt::format(fmt::runtime(say(phrase, language)), show_number(*check.claim, 6), show_number(check.value, 6)),
        room, {Face::small, check.claim_holds ? palette.good : palette.doubt, 1.05});
  }
  ImGui::EndGroup();
  const float bottom = ImGui::GetItemRectMax().y + ui.px(7);
  ImGui::GetWindowDrawList()->AddLine({corner.x, bottom}, {right, bottom}, ink(palette.line), ui.px(1));
  ImGui::SetCursorScreenPos({corner.x, bottom + ui.px(7)});
}

}  // namespace

void draw_checks(const AppState& state, const Ui& ui) {
  if (!state.page().run) return;
  const auto& checks = state.page().run->report.checks;
  const float width = std::min(ImGui::GetWindowWidth() - ui.px(18), ui.px(900));
  if (checks.empty()) {
    draw_wrapped(ui, say(Phrase::no_checks, state.language), width, {Face::body, ui.palette->muted});
    return;
  }
  ImGui::PushStyleVar(ImGuiStyleVar_ItemSpacing, {0, 0});
  draw_wrapped(ui, summary_of(checks, state.language), width, {Face::body, ui.palette->muted});
  ImGui::Dummy({0, ui.px(12)});
  for (const Check& check : checks) draw_check(ui, check, state.language, width);
  ImGui::Dummy({0, ui.px(8)});
  ImGui::PopStyleVar();
}

}  // namespace qlab::gui
