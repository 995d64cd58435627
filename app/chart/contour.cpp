#include "app/chart/contour.hpp"

#include <array>
#include <cmath>
#include <unordered_map>

namespace qlab::chart {
namespace {

constexpr std::size_t none = static_cast<std::size_t>(-1);

/// Every edge of the grid has a number; a contour passes an edge at most once, so segments join where numbers agree.
class Tracer {
 public:
  Tracer(const Field& field, double level) : field_(field), level_(level), columns_(field.x.size()) {}

  std::vector<std::vector<Point>> lines() {
    for (std::size_t row = 0; row + 1 < field_.y.size(); ++row) {
      for (std::size_t column = 0; column + 1 < columns_; ++column) cross(column, row);
    }
    std::vector<std::vector<Point>> lines;
    // Open lines first, from their ends; what is left is closed.
    for (const bool open : {true, false}) {
      for (const std::size_t edge : order_) {
        const std::array<std::size_t, 2>& next = links_.at(edge);
        if (next[0] == none || (open && next[1] != none)) continue;
        lines.push_back(follow(edge));
      }
    }
    return lines;
  }

 private:
  double z(std::size_t column, std::size_t row) const { return field_.z[row * columns_ + column]; }
  bool high(std::size_t column, std::size_t row) const { return z(column, row) >= level_; }

  // Edges of cell (column, row): from its corner along the row, and along the column.
  std::size_t along_row(std::size_t column, std::size_t row) const { return 2 * (row * columns_ + column); }
  std::size_t along_column(std::size_t column, std::size_t row) const { return along_row(column, row) + 1; }

  void cross(std::size_t c, std::size_t r) {
    const double sum = z(c, r) + z(c + 1, r) + z(c, r + 1) + z(c + 1, r + 1);
    if (!std::isfinite(sum)) return;
    const bool a = high(c, r), b = high(c + 1, r), d = high(c, r + 1), e = high(c + 1, r + 1);
    const std::size_t first = along_row(c, r), last = along_row(c, r + 1);
    const std::size_t left = along_column(c, r), right = along_column(c + 1, r);
    if (a == e && b == d && a != b) {  // saddle: lines cut off the corners that differ from the centre
      const bool centre = sum / 4 >= level_;
      if (centre == a) {
        join(first, right);
        join(left, last);
      } else {
        join(first, left);
        join(right, last);
      }
      return;
    }
    std::array<std::size_t, 4> crossed = {};
    std::size_t count = 0;
    if (a != b) crossed[count++] = first;
    if (d != e) crossed[count++] = last;
    if (a != d) crossed[count++] = left;
    if (b != e) crossed[count++] = right;
    if (count == 2) join(crossed[0], crossed[1]);
  }

  void join(std::size_t one, std::size_t other) {
    add(one, other);
    add(other, one);
  }
  void add(std::size_t edge, std::size_t to) {
    const auto [entry, is_new] = links_.try_emplace(edge, std::array<std::size_t, 2>{none, none});
    if (is_new) order_.push_back(edge);
    entry->second[entry->second[0] == none ? 0 : 1] = to;
  }

  /// Walks from an edge until the line ends or closes, taking the links it uses.
  std::vector<Point> follow(std::size_t edge) {
    std::vector<Point> line = {point(edge)};
    while (links_.at(edge)[0] != none) {
      const std::size_t next = take(edge);
      std::array<std::size_t, 2>& back = links_.at(next);
      if (back[0] == edge) back[0] = back[1];
      back[1] = none;
      line.push_back(point(next));
      edge = next;
    }
    return line;
  }
  std::size_t take(std::size_t edge) {
    std::array<std::size_t, 2>& links = links_.at(edge);
    const std::size_t next = links[0];
    links[0] = links[1];
    links[1] = none;
    return next;
  }

  Point point(std::size_t edge) const {
    const std::size_t row = edge / 2 / columns_, column = edge / 2 % columns_;
    const bool in_row = edge % 2 == 0;
    const std::size_t to_column = column + (in_row ? 1 : 0), to_row = row + (in_row ? 0 : 1);
    const double from = z(column, row), to = z(to_column, to_row);
    const double share = (level_ - from) / (to - from);
    return {field_.x[column] + share * (field_.x[to_column] - field_.x[column]),
            field_.y[row] + share * (field_.y[to_row] - field_.y[row])};
  }

  const Field& field_;
  double level_;
  std::size_t columns_;
  std::unordered_map<std::size_t, std::array<std::size_t, 2>> links_;
  std::vector<std::size_t> order_;  ///< edges as found: the result does not depend on the hash
};

}  // namespace

std::vector<std::vector<Point>> contour(const Field& field, double level) { return Tracer(field, level).lines(); }

}  // namespace qlab::chart
