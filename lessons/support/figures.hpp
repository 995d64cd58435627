// Pieces that the tensor lessons' tables and charts have in common. SPDX-License-Identifier: MIT
#pragma once

#include <span>
#include <string>
#include <vector>

#include "core/quantization/error_figures.hpp"
#include "core/report/report.hpp"

namespace qlab::lessons {

/// bits_per_parameter, mse, mae, max_error, sqnr_db: the figures by which formats are compared.
std::vector<Column> figure_columns();
std::vector<Cell> figure_cells(double bits, const ErrorFigures& figures);

/// `head` followed by `tail`.
template <class T>
std::vector<T> joined(std::vector<T> head, const std::vector<T>& tail) {
  head.insert(head.end(), tail.begin(), tail.end());
  return head;
}

/// Names and numbers that read the same in English and Chinese.
inline Text same(const std::string& text) { return {text, text}; }

Chart chart_of(std::string name, ChartKind kind, Text title);
Axis axis_of(Text label, std::string unit = "");
/// An axis that starts at 0, for bars and shares.
Axis axis_from_zero(Text label, std::string unit = "");
Axis logarithmic_axis(Text label, std::string unit = "");
/// An axis of names.
Axis axis_of_names(std::vector<Text> names);

/// Share of `values` in each of `bins` equal bins over [low, high]; what lies outside counts in no bin.
std::vector<double> shares(std::span<const float> values, double low, double high, int bins);

/// first, first + step ... last: `count` evenly spaced numbers, both ends included.
std::vector<double> evenly(double first, double last, int count);

/// The standard normal density, through IEEE operations only, so that every machine shows the same digits.
double normal_density(double x);
/// 10 log10(ratio), likewise.
double decibels(double ratio);
/// log2 x, likewise.
double log2_of(double x);

}  // namespace qlab::lessons
