// The lesson's text: headings, paragraphs, lists, code and tables, with the last run's values in it.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "app/gui/views/views.hpp"
#include "app/gui/widgets/rich_text.hpp"

namespace qlab::gui {
namespace {

using markdown::Block;
using markdown::BlockKind;

/// Draws blocks one under the other; remembers the link that was clicked.
class TextDrawer {
 public:
  explicit TextDrawer(const Ui& ui) : ui_(ui) {}

  void draw(const std::vector<Block>& blocks, float width, double gap = 9) {
    for (const Block& block : blocks) {
      if (&block != blocks.data()) space(block.kind == BlockKind::heading ? gap + 6 : gap);
      draw(block, width);
    }
  }

  const std::string& clicked() const { return clicked_; }

 private:
  void draw(const Block& block, float width) {
    const Palette& palette = *ui_.palette;
    switch (block.kind) {
      case BlockKind::heading:
        spans(block.spans, width,
              {block.level == 1   ? Face::title
               : block.level == 2 ? Face::heading
                                  : Face::strong,
               palette.text});
        break;
      case BlockKind::paragraph: spans(block.spans, width, {Face::body, palette.text, 1.12}); break;
      case BlockKind::list: draw_list(block, width); break;
      case BlockKind::item: draw(block.children, width, 4); break;
      case BlockKind::quote: draw_quote(block, width); break;
      case BlockKind::code: draw_code(block, width); break;
      case BlockKind::table: draw_table(block, width); break;
      case BlockKind::rule: draw_rule(width); break;
    }
  }

  void spans(const markdown::Spans& spans, float width, const TextLook& look) {
    const std::string link = draw_spans(ui_, spans, width, look);
    if (!link.empty()) clicked_ = link;
  }

  void space(double height) const { ImGui::Dummy({0, ui_.px(height)}); }

  void draw_list(const Block& list, float width) {
    const float indent = ui_.px(list.ordered ? 26 : 20);
    int number = list.first_number;
    for (const Block& item : list.children) {
      if (&item != list.children.data()) space(4);
      const ImVec2 at = ImGui::GetCursorScreenPos();
      if (list.ordered) {
        write_at(ui_, at, Face::body, ui_.palette->muted, fmt::format("{}.", number++));
      } else {
        const float middle = at.y + line_height(ui_.fonts[Face::body]) * 0.53F;
        ImGui::GetWindowDrawList()->AddCircleFilled({at.x + ui_.px(7), middle}, ui_.px(2.5), ink(ui_.palette->accent));
      }
      indented(indent, [&] { draw(item, width - indent); });
    }
  }

  void draw_quote(const Block& quote, float width) {
    const ImVec2 top = ImGui::GetCursorScreenPos();
    indented(ui_.px(16), [&] { draw(quote.children, width - ui_.px(16)); });
    const float bottom = ImGui::GetCursorScreenPos().y - ImGui::GetStyle().ItemSpacing.y;
    ImGui::GetWindowDrawList()->AddRectFilled(top, {top.x + ui_.px(3), bottom}, ink(ui_.palette->accent, 0.6),
                                              ui_.px(2));
  }

  void draw_code(const Block& code, float width) {
    const ImVec2 corner = ImGui::GetCursorScreenPos();
    const float step = std::round(line_height(ui_.fonts[Face::code]) * 1.08F);
    const auto lines = static_cast<float>(std::count(code.text.begin(), code.text.end(), '\n'));
    const ImVec2 size{width, lines * step + ui_.px(16)};
    ImDrawList& list = *ImGui::GetWindowDrawList();
    const ImVec2 end{corner.x + size.x, corner.y + size.y};
    list.AddRectFilled(corner, end, ink(ui_.palette->raised), ui_.px(6));
    list.PushClipRect(corner, end, true);
    std::string_view rest = code.text;
    for (float y = corner.y + ui_.px(8); !rest.empty(); y += step) {
      const std::size_t line_end = std::min(rest.find('\n'), rest.size());
      write_at(ui_, {corner.x + ui_.px(12), y}, Face::code, ui_.palette->text, rest.substr(0, line_end));
      rest.remove_prefix(std::min(line_end + 1, rest.size()));
    }
    list.PopClipRect();
    ImGui::Dummy(size);
  }

  void draw_rule(float width) {
    const ImVec2 at = ImGui::GetCursorScreenPos();
    ImGui::GetWindowDrawList()->AddLine(at, {at.x + width, at.y}, ink(ui_.palette->line), ui_.px(1));
    ImGui::Dummy({width, 1});
  }

  /// Columns as wide as their contents; where that is too wide, the wider ones give way.
  std::vector<float> column_widths(const Block& table, float width) const {
    const std::size_t columns = table.columns.size();
    std::vector<float> wanted(columns, 0);
    for (const auto& row : table.rows) {
      for (std::size_t i = 0; i < std::min(columns, row.size()); ++i) {
        const Face face = &row == table.rows.data() ? Face::strong : Face::body;
        wanted[i] = std::max(wanted[i], std::ceil(spans_width(ui_, row[i], face)) + 2 * cell_padding());
      }
    }
    float total = std::accumulate(wanted.begin(), wanted.end(), 0.0F);
    for (int round = 0; round < 8 && total > width; ++round) {
      const float fair = width / static_cast<float>(columns);
      float over = 0;
      for (const float w : wanted) over += std::max(0.0F, w - fair);
      const float shrink = std::min(1.0F, (total - width) / over);
      for (float& w : wanted) w -= std::max(0.0F, w - fair) * shrink;
      total = std::accumulate(wanted.begin(), wanted.end(), 0.0F);
    }
    return wanted;
  }

  float cell_padding() const { return ui_.px(10); }

  void draw_table(const Block& table, float width) {
    const std::vector<float> widths = column_widths(table, width);
    const float table_width = std::accumulate(widths.begin(), widths.end(), 0.0F);
    const ImVec2 origin = ImGui::GetCursorScreenPos();
    ImDrawList& list = *ImGui::GetWindowDrawList();
    float y = origin.y;
    for (const auto& row : table.rows) {
      const bool heading = &row == table.rows.data();
      float x = origin.x;
      float bottom = y;
      list.ChannelsSplit(2);
      list.ChannelsSetCurrent(1);
      for (std::size_t i = 0; i < row.size() && i < widths.size(); ++i) {
        ImGui::SetCursorScreenPos({x + cell_padding(), y + ui_.px(5)});
        spans(row[i], widths[i] - 2 * cell_padding() + 1,
              {heading ? Face::strong : Face::body, ui_.palette->text, 1.05, table.columns[i]});
        bottom = std::max(bottom, ImGui::GetCursorScreenPos().y - ImGui::GetStyle().ItemSpacing.y + ui_.px(5));
        x += widths[i];
      }
      list.ChannelsSetCurrent(0);
      if (heading) {
        list.AddRectFilled({origin.x, y}, {origin.x + table_width, bottom}, ink(ui_.palette->raised), ui_.px(6),
                           ImDrawFlags_RoundCornersTop);
      }
      list.AddLine({origin.x, bottom}, {origin.x + table_width, bottom}, ink(ui_.palette->line), ui_.px(1));
      list.ChannelsMerge();
      y = bottom;
    }
    ImGui::SetCursorScreenPos(origin);
    ImGui::Dummy({table_width, y - origin.y});
  }

  template <class Body>
  static void indented(float indent, const Body& body) {
    ImGui::Indent(indent);
    body();
    ImGui::Unindent(indent);
  }

  const Ui& ui_;
  std::string clicked_;
};

}  // namespace

void draw_text(AppState& state, const Ui& ui) {
  constexpr double longest_line = 760;  // design pixels; beyond that the eye loses the next line
  const float width = std::min(ImGui::GetWindowWidth() - ui.px(18), ui.px(longest_line));
  ImGui::PushStyleVar(ImGuiStyleVar_ItemSpacing, {0, 0});
  TextDrawer drawer(ui);
  std::vector<Block> blocks = page_text(state).blocks;
  if (!blocks.empty() && blocks[0].kind == BlockKind::heading && blocks[0].level == 1) {
    blocks.erase(blocks.begin());  // the page has the lesson's title already
  }
  drawer.draw(blocks, width);
  ImGui::Dummy({0, ui.px(12)});
  ImGui::PopStyleVar();
  if (!drawer.clicked().empty()) follow_link(state, drawer.clicked());
}

}  // namespace qlab::gui
