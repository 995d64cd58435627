// Where in the plot there is still room for words: the ink of the marks and the words already there.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "app/chart/scene.hpp"

namespace qlab::chart {

class Room {
 public:
  /// Reads the shapes from index `first` on: lines, marks and areas are ink, labels are words. Images are neither.
  Room(const Rectangle& plot, const std::vector<Shape>& shapes, std::size_t first);

  /// Share of the box that ink covers, 0 to 1.
  double ink(const Rectangle& box) const;
  /// Whether the box touches a word.
  bool on_words(const Rectangle& box) const;
  bool inside(const Rectangle& box) const;
  void take(const Rectangle& box) { words_.push_back(box); }
  void see(const Shape& shape);

 private:
  static constexpr double cell = 3;  // pixels a side

  void fill(const Rectangle& box);
  void fill(const std::vector<Point>& outline);
  void dot(Point point);

  Rectangle plot_;
  std::size_t columns_, rows_;
  std::vector<std::uint8_t> inked_;
  std::vector<Rectangle> words_;
};

bool overlap(const Rectangle& a, const Rectangle& b);

}  // namespace qlab::chart
