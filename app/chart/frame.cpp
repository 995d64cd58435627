#include "app/chart/frame.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "app/chart/axis.hpp"
#include "app/chart/legend.hpp"

namespace qlab::chart {
namespace {

/// How much of the picture words may take: generous first, and less until the plot has its share.
struct Allowance {
  std::size_t title_lines, legend_rows, note_lines;
  bool axis_titles;
};
constexpr Allowance allowances[] = {
    {2, 4, 3, true}, {1, 2, 2, true}, {1, 2, 0, true}, {1, 1, 0, true}, {1, 1, 0, false}};
constexpr double share_of_plot = 0.5;  // of the picture's height

class Builder {
 public:
  Builder(Draft& draft, const Plan& plan)
      : draft_(draft), plan_(plan), size_(draft.size), width_(draft.scene.width), height_(draft.scene.height) {}

  Frame build() {
    for (const Allowance& allowance : allowances) {
      solve(allowance);
      if (plot_.height >= share_of_plot * height_) break;
    }
    draw_words();
    draw_grid();
    draw_y_labels();
    draw_x_labels();
    draft_.scene.plot = plot_;
    return {plot_, x_.scale, y_.scale};
  }

 private:
  double inner_width() const { return width_ - 2 * size_.margin; }
  const std::vector<std::string>& lanes() const { return plan_.y.names; }
  const std::vector<std::string>& places() const { return plan_.x.names; }

  void solve(const Allowance& allowance) {
    const Chart& chart = draft_.chart;
    title_ = wrap(draft_.text(chart.title), size_.title, true, inner_width(), allowance.title_lines);
    note_ = wrap(draft_.text(chart.note), size_.small, false, inner_width(), allowance.note_lines);
    legend_ = place_legend(draft_, plan_, size_.margin, width_ - size_.margin, allowance.legend_rows);
    const bool titles = allowance.axis_titles;
    with_x_title_ = titles && !draft_.axis_title(chart.x, 0).empty();
    with_y_title_ = titles && !draft_.axis_title(chart.y, 0).empty();

    double y = size_.margin;
    title_top_ = y;
    y += static_cast<double>(title_.size()) * size_.title * line_spacing + (title_.empty() ? 0 : 0.25 * size_.font);
    legend_top_ = y;
    y += legend_.height() + (legend_.rows > 0 ? 0.2 * size_.font : 0);
    y_title_top_ = y;
    if (with_y_title_) y += line_spacing * size_.font;
    const double top = snap(y + 0.65 * size_.font);

    double below = size_.margin * 0.8;
    if (!note_.empty()) below += static_cast<double>(note_.size()) * size_.small * line_spacing + 0.35 * size_.font;
    note_top_ = height_ - below + 0.35 * size_.font;
    if (with_x_title_) below += line_spacing * size_.font + 0.15 * size_.font;
    x_title_top_ = height_ - below + 0.15 * size_.font;

    double tick_height = line_spacing * size_.font, left = size_.margin + 2 * size_.font, right = width_ - size_.margin;
    for (int round = 0; round < 3; ++round) {  // labels need room, room decides the labels
      const double bottom = snap(height_ - below - tick_height - 0.4 * size_.font);
      plot_ = {{left, top}, right - left, bottom - top, {}};
      y_ = place_axis(plan_.y, lanes().empty() ? AxisPlace{bottom, top, false} : AxisPlace{top, bottom, false},
                      size_.font);
      left = std::max(round == 0 ? 0 : left, snap(size_.margin + y_labels_width() + 0.5 * size_.font));
      x_ = place_axis(plan_.x, {left, right, true}, size_.font);
      if (!places().empty()) {
        names_ =
            place_names(places(), (right - left) / static_cast<double>(places().size()), size_.font, 0.3 * height_);
        tick_height = names_.height;
      } else {
        right = std::min(right, snap(width_ - overhang()));
      }
      plot_ = {{left, top}, right - left, snap(height_ - below - tick_height - 0.4 * size_.font) - top, {}};
    }
    y_ = place_axis(plan_.y,
                    lanes().empty() ? AxisPlace{plot_.bottom(), top, false} : AxisPlace{top, plot_.bottom(), false},
                    size_.font);
    x_ = place_axis(plan_.x, {plot_.corner.x, plot_.right(), true}, size_.font);
  }

  double y_labels_width() const {
    double widest = 0;
    for (const Tick& tick : y_.ticks.major) widest = std::max(widest, text_width(tick.label, size_.font, false));
    for (const std::string& name : lanes()) {
      for (const std::string& line : lane_lines(name)) widest = std::max(widest, text_width(line, size_.font, false));
    }
    return widest;
  }

  std::vector<std::string> lane_lines(const std::string& name) const {
    const double lane = plot_.height / static_cast<double>(lanes().size());
    const auto lines = static_cast<std::size_t>(std::clamp(lane / (line_spacing * size_.font), 1.0, 2.0));
    return wrap(name, size_.font, false, 0.28 * width_, lines);
  }

  /// Right margin that the last x label needs.
  double overhang() const {
    double needed = size_.margin;
    for (const Tick& tick : x_.ticks.major) {
      const double right = x_.scale(tick.at) + text_width(tick.label, size_.font, false) / 2;
      needed = std::max(needed, right - x_.scale.to + size_.margin / 2);
    }
    return needed;
  }

  Label word(std::string text, double size, Point baseline, const Color& color, Role role,
             Anchor anchor = Anchor::start) const {
    Label label;
    label.baseline = baseline;
    label.text = std::move(text);
    label.size = size;
    label.color = color;
    label.anchor = anchor;
    label.role = role;
    return label;
  }

  void draw_words() {
    const Look& look = draft_.look;
    double y = title_top_ + ascent * size_.title;
    for (const std::string& line : title_) {
      Label label = word(line, size_.title, {size_.margin, y}, look.text, Role::title);
      label.bold = true;
      draft_.add(label);
      y += size_.title * line_spacing;
    }
    draw_legend(draft_, legend_, plan_.swatch, legend_top_);
    if (with_y_title_) {
      draft_.add(word(shorten(draft_.axis_title(draft_.chart.y, y_.ticks.exponent), size_.font, false, inner_width()),
                      size_.font, {size_.margin, y_title_top_ + ascent * size_.font}, look.muted, Role::axis_title));
    }
    if (with_x_title_) {
      const std::string title =
          shorten(draft_.axis_title(draft_.chart.x, x_.ticks.exponent), size_.font, false, inner_width());
      const double half = text_width(title, size_.font, false) / 2;
      const double middle =
          std::clamp(plot_.corner.x + plot_.width / 2, size_.margin + half, width_ - size_.margin - half);
      draft_.add(word(title, size_.font, {middle, x_title_top_ + ascent * size_.font}, look.muted, Role::axis_title,
                      Anchor::middle));
    }
    y = note_top_ + ascent * size_.small;
    for (const std::string& line : note_) {
      draft_.add(word(line, size_.small, {size_.margin, y}, look.muted, Role::note));
      y += size_.small * line_spacing;
    }
  }

  void draw_grid() {
    const Stroke stroke = draft_.stroke(draft_.look.grid, size_.hair);
    for (const Tick& tick : y_.ticks.major) {
      const double y = snap_line(y_.scale(tick.at), size_.hair);
      draft_.add(Polyline{{{plot_.corner.x, y}, {plot_.right(), y}}, stroke});
    }
    if (has_bars(draft_.chart.kind)) return;
    for (const Tick& tick : x_.ticks.major) {
      const double x = snap_line(x_.scale(tick.at), size_.hair);
      draft_.add(Polyline{{{x, plot_.corner.y}, {x, plot_.bottom()}}, stroke});
    }
  }

  void draw_y_labels() {
    const double right = plot_.corner.x - 0.5 * size_.font;
    for (const Tick& tick : y_.ticks.major) {
      draft_.add(word(tick.label, size_.font, {right, y_.scale(tick.at) + cap_height * size_.font / 2},
                      draft_.look.muted, Role::y_tick, Anchor::end));
    }
    const double lane = plot_.height / static_cast<double>(std::max<std::size_t>(1, lanes().size()));
    const double line = line_spacing * size_.font;
    const auto stride = static_cast<std::size_t>(std::max(1.0, std::ceil(line / lane)));
    for (std::size_t i = 0; i < lanes().size(); i += stride) {
      const std::vector<std::string> lines = lane_lines(lanes()[i]);
      double y = y_.scale(static_cast<double>(i)) - line * (static_cast<double>(lines.size()) - 1) / 2 +
                 cap_height * size_.font / 2;
      for (const std::string& text : lines) {
        draft_.add(word(text, size_.font, {right, y}, draft_.look.text, Role::y_tick, Anchor::end));
        y += line;
      }
    }
  }

  void draw_x_labels() {
    const double font = size_.font, top = plot_.bottom() + 0.4 * font;
    const Stroke tick_stroke = draft_.stroke(draft_.look.axis, size_.hair);
    for (const double at : x_.ticks.minor) draw_x_tick(at, 0.18 * font, tick_stroke);
    for (const Tick& tick : x_.ticks.major) {
      draw_x_tick(tick.at, 0.32 * font, tick_stroke);
      draft_.add(word(tick.label, font, {x_.scale(tick.at), top + ascent * font}, draft_.look.muted, Role::x_tick,
                      Anchor::middle));
    }
    const double lean = -slant_degrees * std::numbers::pi / 180;
    for (std::size_t i = 0; i < places().size(); ++i) {
      const double x = x_.scale(static_cast<double>(i));
      double y = top + ascent * font;
      for (const std::string& line : names_.lines[i]) {
        Label label = word(line, font, {x, y}, draft_.look.text, Role::x_tick, Anchor::middle);
        if (names_.slanted) {
          label.anchor = Anchor::end;
          label.baseline = {x + 0.5 * cap_height * font * std::sin(lean),
                            top + 0.5 * cap_height * font * std::cos(lean) + 0.3 * font};
          label.rotation_degrees = slant_degrees;
          label.text = shorten(line, font, false, (label.baseline.x - size_.margin / 2) / std::cos(lean));
        }
        if (!label.text.empty()) draft_.add(label);
        y += line_spacing * font;
      }
    }
  }

  void draw_x_tick(double at, double length, const Stroke& stroke) {
    const double x = snap_line(x_.scale(at), size_.hair);
    draft_.add(Polyline{{{x, plot_.bottom()}, {x, plot_.bottom() + length}}, stroke});
  }

  Draft& draft_;
  const Plan& plan_;
  const Sizes& size_;
  double width_, height_;
  std::vector<std::string> title_, note_;
  Legend legend_;
  bool with_x_title_ = false, with_y_title_ = false;
  double title_top_ = 0, legend_top_ = 0, y_title_top_ = 0, x_title_top_ = 0, note_top_ = 0;
  Rectangle plot_;
  PlacedAxis x_, y_;
  NameLabels names_;
};

}  // namespace

Frame build_frame(Draft& draft, const Plan& plan) { return Builder(draft, plan).build(); }

void finish_frame(Draft& draft, const Frame& frame, const Plan& plan) {
  const double hair = draft.size.hair;
  const Stroke stroke = draft.stroke(draft.look.axis, hair);
  double foot = frame.plot.bottom();
  if (!frame.y.logarithmic && frame.y.lo < 0 && frame.y.hi > 0 && plan.y.names.empty()) foot = frame.y(0);
  const double y = snap_line(foot, hair);
  draft.add(Polyline{{{frame.plot.corner.x, y}, {frame.plot.right(), y}}, stroke});
}

}  // namespace qlab::chart
