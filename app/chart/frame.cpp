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
  bool x_title, y_title;
};
constexpr Allowance allowances[] = {{2, 4, 3, true, true},   {2, 3, 2, true, true},  {1, 3, 1, true, true},
                                    {1, 3, 0, true, true},   {1, 2, 0, true, true},  {1, 2, 0, false, true},
                                    {1, 2, 0, false, false}, {1, 1, 0, false, false}};
constexpr double share_of_plot = 0.4;    // of the picture's height
constexpr double most_for_names = 0.34;  // of its width, left of the plot
constexpr int bar_samples = 128;         // of the colour bar

class Builder {
 public:
  Builder(Draft& draft, const Plan& plan)
      : draft_(draft), plan_(plan), size_(draft.size), width_(draft.scene.width), height_(draft.scene.height) {}

  Frame build() {
    for (const Allowance& allowance : allowances) {
      choose_words(allowance);
      place_plot();
      if (plot_.height >= share_of_plot * height_) break;
    }
    draw_title_and_note();
    draft_.scene.plot = plot_;
    if (!plan_.drawable) {
      draw_message();
      return {plot_, x_.scale, y_.scale, {}, {}, false};
    }
    draw_legend(draft_, legend_, plan_.swatch, legend_top_);
    draw_axis_titles();
    draw_grid();
    draw_y_labels();
    draw_x_labels();
    Frame frame{plot_, x_.scale, y_.scale, {}, {}, plan_.lying};
    if (plan_.z) {
      draw_color_bar();
      frame.z = Scale{plan_.z->logarithmic, z_.scale.lo, z_.scale.hi, 0, 1};
      frame.z_ticks = z_.ticks;
    }
    return frame;
  }

 private:
  double inner_width() const { return width_ - 2 * size_.margin; }
  const std::vector<std::string>& row_names() const { return plan_.y.names; }
  const std::vector<std::string>& column_names() const { return plan_.x.names; }
  std::string title_of(const AxisPlan& plan, int exponent) const { return draft_.axis_title(*plan.axis, exponent); }
  double width_of(const std::string& text) const { return text_width(text, size_.font, false); }

  std::string left_out() const {
    const bool zh = draft_.style.language == Language::zh;
    std::string out;
    const auto say = [&](std::size_t count, const char* en, const char* zh_reason) {
      if (count == 0) return;
      const std::string number = std::to_string(count);
      if (!out.empty()) out += zh ? "；" : "; ";
      out += zh ? number + " 个值" + zh_reason : number + (count == 1 ? " value is " : " values are ") + en;
    };
    say(plan_.infinite, "infinite and not drawn", "为无穷大，未画出");
    say(plan_.not_positive, "not positive and not drawn", "不为正，未画出");
    return out.empty() ? out : out + (zh ? "。" : ".");
  }

  /// The words around the plot and, from the top and from the bottom, where they go.
  void choose_words(const Allowance& allowance) {
    const double font = size_.font, line = line_spacing * font;
    title_ = wrap(draft_.text(draft_.chart.title), size_.title, true, inner_width(), allowance.title_lines);
    note_ = wrap(draft_.text(draft_.chart.note), size_.small, false, inner_width(), allowance.note_lines);
    if (allowance.note_lines > 0) {
      const std::string counted = shorten(left_out(), size_.small, false, inner_width());
      if (!counted.empty()) note_.push_back(counted);
    }
    legend_ = place_legend(draft_, plan_, size_.margin, width_ - size_.margin, allowance.legend_rows);
    with_x_title_ = allowance.x_title && !title_of(plan_.x, 0).empty();
    with_y_title_ = allowance.y_title && !title_of(plan_.y, 0).empty();
    with_z_title_ = allowance.y_title && plan_.z && !title_of(*plan_.z, 0).empty();
    // Titles of y and z share a line when both fit on it.
    const bool both = with_y_title_ && with_z_title_;
    z_title_above_ =
        both && width_of(title_of(plan_.y, -99)) + width_of(title_of(*plan_.z, -99)) + 2 * font > inner_width();

    double y = size_.margin;
    title_top_ = y;
    y += static_cast<double>(title_.size()) * size_.title * line_spacing + (title_.empty() ? 0 : 0.25 * font);
    legend_top_ = y;
    y += legend_.height() + (legend_.rows > 0 ? 0.3 * font : 0);
    titles_top_ = y;
    if (with_y_title_ || with_z_title_) y += line * (z_title_above_ ? 2 : 1);
    top_ = snap(y + 0.75 * font);

    double below = size_.margin * 0.8;
    if (!note_.empty()) below += static_cast<double>(note_.size()) * size_.small * line_spacing + 0.4 * font;
    note_top_ = height_ - below + 0.4 * font;
    if (with_x_title_) below += line + 0.1 * font;
    x_title_top_ = height_ - below + 0.1 * font;
    below_ = below;
  }

  AxisPlace along_y(double bottom) const {
    return row_names().empty() ? AxisPlace{bottom, top_, false} : AxisPlace{top_, bottom, false};
  }

  /// Labels need room and room decides the labels: a few rounds settle it, margins only grow.
  void place_plot() {
    const double font = size_.font, gap = 0.55 * font;
    double tick_height = line_spacing * font, left = size_.margin, right = width_ - size_.margin;
    for (int round = 0; round < 4; ++round) {
      const double bottom = snap(height_ - below_ - tick_height - gap);
      plot_ = {{left, top_}, right - left, bottom - top_, {}};
      y_ = place_axis(plan_.y, along_y(bottom), font);
      left = std::max(left, snap(size_.margin + y_labels_width() + 0.55 * font));
      if (plan_.z) {
        z_ = place_axis(*plan_.z, {bottom, top_, false}, font);
        right = std::min(right, snap(width_ - size_.margin - color_bar_width()));
      }
      x_ = place_axis(plan_.x, {left, right, true}, font);
      if (column_names().empty()) {
        const auto [before, after] = overhang();
        left = std::max(left, snap(before));
        right = std::min(right, snap(width_ - after));
      } else {
        const double slot = (right - left) / static_cast<double>(column_names().size());
        names_ = place_names(column_names(), slot, font, 0.3 * height_);
        tick_height = names_.height;
      }
    }
    const double bottom = snap(height_ - below_ - tick_height - gap);
    plot_ = {{left, top_}, right - left, bottom - top_, {}};
    y_ = place_axis(plan_.y, along_y(bottom), font);
    x_ = place_axis(plan_.x, {left, right, true}, font);
    if (plan_.z) z_ = place_axis(*plan_.z, {bottom, top_, false}, font);
    if (!column_names().empty()) {
      names_ =
          place_names(column_names(), plot_.width / static_cast<double>(column_names().size()), font, 0.3 * height_);
    }
  }

  static double widest_of(const Ticks& ticks, double font) {
    double widest = 0;
    for (const Tick& tick : ticks.major) widest = std::max(widest, text_width(tick.label, font, false));
    return widest;
  }

  double y_labels_width() const {
    double widest = widest_of(y_.ticks, size_.font);
    for (std::size_t i = 0; i < row_names().size(); i += row_stride()) {
      for (const std::string& line : row_lines(row_names()[i])) widest = std::max(widest, width_of(line));
    }
    return widest;
  }

  double row_height() const { return plot_.height / static_cast<double>(row_names().size()); }
  std::size_t row_stride() const {
    return static_cast<std::size_t>(std::max(1.0, std::ceil(line_spacing * size_.font / std::max(row_height(), 0.01))));
  }
  std::vector<std::string> row_lines(const std::string& name) const {
    const auto lines = static_cast<std::size_t>(std::clamp(row_height() / (line_spacing * size_.font), 1.0, 3.0));
    return wrap(name, size_.font, false, most_for_names * width_, lines);
  }

  /// What the first and the last x label need beside the plot, from the picture's edges.
  std::pair<double, double> overhang() const {
    double before = size_.margin, after = size_.margin;
    for (const Tick& tick : x_.ticks.major) {
      const double half = width_of(tick.label) / 2 + size_.margin / 2;
      before = std::max(before, half - (x_.scale(tick.at) - x_.scale.from));
      after = std::max(after, half - (x_.scale.to - x_.scale(tick.at)));
    }
    return {before, after};
  }

  double bar_gap() const { return 0.9 * size_.font; }
  double bar_breadth() const { return snap(1.1 * size_.font); }
  double color_bar_width() const {
    return bar_gap() + bar_breadth() + 0.5 * size_.font + widest_of(z_.ticks, size_.font);
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

  void draw_title_and_note() {
    double y = title_top_ + ascent * size_.title;
    for (const std::string& line : title_) {
      Label label = word(line, size_.title, {size_.margin, y}, draft_.look.text, Role::title);
      label.bold = true;
      draft_.add(label);
      y += size_.title * line_spacing;
    }
    y = note_top_ + ascent * size_.small;
    for (const std::string& line : note_) {
      draft_.add(word(line, size_.small, {size_.margin, y}, draft_.look.muted, Role::note));
      y += size_.small * line_spacing;
    }
  }

  void draw_message() {
    const bool zh = draft_.style.language == Language::zh;
    const std::string message = zh ? "没有可以画出的数值" : "There is no finite value to draw";
    draft_.add(word(shorten(message, size_.font, false, inner_width()), size_.font,
                    {width_ / 2, plot_.corner.y + plot_.height / 2}, draft_.look.muted, Role::message, Anchor::middle));
  }

  void draw_axis_titles() {
    const double font = size_.font;
    const auto title = [&](const AxisPlan& plan, int exponent) {
      return shorten(title_of(plan, exponent), font, false, inner_width());
    };
    const auto add = [&](const std::string& text, Point baseline, Anchor anchor) {
      if (!text.empty()) draft_.add(word(text, font, baseline, draft_.look.muted, Role::axis_title, anchor));
    };
    double y = titles_top_ + ascent * font;
    if (with_z_title_) add(title(*plan_.z, z_.ticks.exponent), {width_ - size_.margin, y}, Anchor::end);
    if (z_title_above_) y += line_spacing * font;
    if (with_y_title_) add(title(plan_.y, y_.ticks.exponent), {size_.margin, y}, Anchor::start);
    if (with_x_title_) {
      const std::string text = title(plan_.x, x_.ticks.exponent);
      const double half = width_of(text) / 2;
      const double middle =
          std::clamp(plot_.corner.x + plot_.width / 2, size_.margin + half, width_ - size_.margin - half);
      add(text, {middle, x_title_top_ + ascent * font}, Anchor::middle);
    }
  }

  void line(Point from, Point to, const Color& color) {
    draft_.add(Polyline{{from, to}, Draft::stroke(color, size_.hair)});
  }

  void draw_grid() {
    const ChartKind kind = draft_.chart.kind;
    if (kind == ChartKind::heat_map) return;  // the field would cover it
    for (const Tick& tick : y_.ticks.major) {
      const double y = snap_line(y_.scale(tick.at), size_.hair);
      line({plot_.corner.x, y}, {plot_.right(), y}, draft_.look.grid);
    }
    if (kind == ChartKind::timeline) {
      for (std::size_t i = 1; i < row_names().size() && row_height() > 8; ++i) {
        const double y = snap_line(y_.scale(static_cast<double>(i) - 0.5), size_.hair);
        line({plot_.corner.x, y}, {plot_.right(), y}, draft_.look.grid);
      }
    }
    if (kind == ChartKind::histogram) return;
    for (const Tick& tick : x_.ticks.major) {
      const double x = snap_line(x_.scale(tick.at), size_.hair);
      line({x, plot_.corner.y}, {x, plot_.bottom()}, draft_.look.grid);
    }
  }

  void draw_y_labels() {
    const double font = size_.font, right = plot_.corner.x - 0.55 * font;
    const auto mark = [&](double at, double length) {
      const double y = snap_line(y_.scale(at), size_.hair);
      line({plot_.corner.x - length, y}, {plot_.corner.x, y}, draft_.look.axis);
    };
    for (const double at : y_.ticks.minor) mark(at, 0.18 * font);
    for (const Tick& tick : y_.ticks.major) {
      if (plan_.z) mark(tick.at, 0.3 * font);
      draft_.add(word(tick.label, font, {right, y_.scale(tick.at) + cap_height * font / 2}, draft_.look.muted,
                      Role::y_tick, Anchor::end));
    }
    for (std::size_t i = 0; i < row_names().size(); i += row_stride()) {
      const std::vector<std::string> lines = row_lines(row_names()[i]);
      double y = y_.scale(static_cast<double>(i)) + cap_height * font / 2;
      y -= line_spacing * font * (static_cast<double>(lines.size()) - 1) / 2;
      for (const std::string& text : lines) {
        draft_.add(word(text, font, {right, y}, draft_.look.text, Role::y_tick, Anchor::end));
        y += line_spacing * font;
      }
    }
  }

  void draw_x_labels() {
    const double font = size_.font, top = plot_.bottom() + 0.55 * font;
    const auto mark = [&](double at, double length) {
      const double x = snap_line(x_.scale(at), size_.hair);
      line({x, plot_.bottom()}, {x, plot_.bottom() + length}, draft_.look.axis);
    };
    for (const double at : x_.ticks.minor) mark(at, 0.18 * font);
    for (const Tick& tick : x_.ticks.major) {
      if (!plan_.lying) mark(tick.at, 0.3 * font);
      draft_.add(word(tick.label, font, {x_.scale(tick.at), top + ascent * font}, draft_.look.muted, Role::x_tick,
                      Anchor::middle));
    }
    for (std::size_t i = 0; i < column_names().size(); ++i) {
      const double x = x_.scale(static_cast<double>(i));
      double y = top + ascent * font;
      for (const std::string& text : names_.lines[i]) {
        Label label = names_.slanted ? slanted(text, {x, top})
                                     : word(text, font, {x, y}, draft_.look.text, Role::x_tick, Anchor::middle);
        const Rectangle box = bounds(label);  // a number under the outermost bar may be wider than its place
        if (!label.text.empty() && box.corner.x >= 0 && box.right() <= width_) draft_.add(std::move(label));
        y += line_spacing * font;
      }
    }
  }

  /// A name that leans to the right, its end under `at`; shortened where it would leave the picture.
  Label slanted(const std::string& text, Point at) const {
    const double lean = -slant_degrees * std::numbers::pi / 180, font = size_.font;
    const Point end = {at.x + 0.5 * cap_height * font * std::sin(lean),
                       at.y + 0.5 * cap_height * font * std::cos(lean) + 0.3 * font};
    Label label = word(shorten(text, font, false, (end.x - size_.margin) / std::cos(lean)), font, end, draft_.look.text,
                       Role::x_tick, Anchor::end);
    label.rotation_degrees = slant_degrees;
    return label;
  }

  void draw_color_bar() {
    const double font = size_.font, left = snap(plot_.right() + bar_gap());
    const Ramp ramp(draft_.style.theme);
    Image image;
    image.area = {{left, plot_.corner.y}, bar_breadth(), plot_.height, {}};
    image.columns = 1;
    image.rows = bar_samples;
    for (int i = 0; i < bar_samples; ++i) {
      const auto& color = ramp.at(1 - (i + 0.5) / bar_samples);
      image.rgba.insert(image.rgba.end(), color.begin(), color.end());
    }
    draft_.add(std::move(image));
    const double right = left + bar_breadth();
    for (const Tick& tick : z_.ticks.major) {
      const double y = snap_line(z_.scale(tick.at), size_.hair);
      line({right, y}, {right + 0.25 * font, y}, draft_.look.axis);
      draft_.add(word(tick.label, font, {right + 0.5 * font, z_.scale(tick.at) + cap_height * font / 2},
                      draft_.look.muted, Role::z_tick));
    }
  }

  Draft& draft_;
  const Plan& plan_;
  const Sizes& size_;
  double width_, height_;
  std::vector<std::string> title_, note_;
  Legend legend_;
  bool with_x_title_ = false, with_y_title_ = false, with_z_title_ = false, z_title_above_ = false;
  double title_top_ = 0, legend_top_ = 0, titles_top_ = 0, top_ = 0, x_title_top_ = 0, note_top_ = 0, below_ = 0;
  Rectangle plot_;
  PlacedAxis x_, y_, z_;
  NameLabels names_;
};

}  // namespace

Frame build_frame(Draft& draft, const Plan& plan) { return Builder(draft, plan).build(); }

void draw_axis_lines(Draft& draft, const Frame& frame) {
  const double hair = draft.size.hair;
  const Rectangle& plot = frame.plot;
  const auto across = [&](double pixel, const Color& color) {
    const double y = snap_line(pixel, hair);
    draft.add(Polyline{{{plot.corner.x, y}, {plot.right(), y}}, Draft::stroke(color, hair)});
  };
  const auto crosses_zero = [](const Scale& scale) { return !scale.logarithmic && scale.lo < 0 && scale.hi > 0; };
  if (frame.lying) {
    const double x = snap_line(crosses_zero(frame.x) ? frame.x(0) : plot.corner.x, hair);
    draft.add(Polyline{{{x, plot.corner.y}, {x, plot.bottom()}}, Draft::stroke(draft.look.axis, hair)});
    return;
  }
  const ChartKind kind = draft.chart.kind;
  const bool standing =
      kind == ChartKind::grouped_bars || kind == ChartKind::stacked_bars || kind == ChartKind::histogram;
  const bool zero_inside = crosses_zero(frame.y) && kind != ChartKind::timeline && kind != ChartKind::heat_map;
  if (zero_inside) across(frame.y(0), standing ? draft.look.axis : mix(draft.look.grid, draft.look.axis, 0.5));
  if (!zero_inside || kind != ChartKind::grouped_bars) across(plot.bottom(), draft.look.axis);
}

}  // namespace qlab::chart
