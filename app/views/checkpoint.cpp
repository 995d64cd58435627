#include "app/views/checkpoint.hpp"

#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "app/views/columns.hpp"
#include "app/views/csv.hpp"
#include "app/views/number.hpp"

namespace qlab::views {
namespace {

using nlohmann::ordered_json;

ordered_json number(double value) { return std::isfinite(value) ? ordered_json(value) : ordered_json(nullptr); }

// A name that came from a file's name may be no UTF-8; then U+FFFD stands for what cannot be said.
std::string document(ordered_json tensors, ordered_json passed) {
  const ordered_json all{{"format_version", 1}, {"tensors", std::move(tensors)}, {"passed_through", std::move(passed)}};
  return all.dump(2, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

std::string shown(const std::vector<std::int64_t>& shape) {
  return shape.empty() ? "scalar" : fmt::format("{}", fmt::join(shape, "x"));
}

const char* name_of(PassReason reason) {
  switch (reason) {
    case PassReason::dtype: return "dtype";
    case PassReason::empty: return "empty";
    case PassReason::not_a_matrix: return "not_a_matrix";
    case PassReason::embedding_or_head: return "embedding_or_head";
  }
  return "";
}

Text label_of(PassReason reason) {
  switch (reason) {
    case PassReason::dtype: return {"no floating-point type that is quantized", "不是可量化的浮点类型"};
    case PassReason::empty: return {"no values", "没有数值"};
    case PassReason::not_a_matrix: return {"no matrix (norm, bias)", "不是矩阵（归一化、偏置）"};
    case PassReason::embedding_or_head: return {"embedding or output head", "嵌入层或输出层"};
  }
  return {};
}

Cell cell(std::string text) { return Text{std::move(text), ""}; }

std::string lines_of(const Columns& columns, const TextStyle& style, int indent) {
  std::string out;
  for (const std::string& line : aligned(columns, style.width - indent)) {
    out += std::string(static_cast<std::size_t>(indent), ' ') + line + "\n";
  }
  return out;
}

}  // namespace

std::string json(const QuantizeFileReport& report) {
  ordered_json tensors = ordered_json::array(), passed = ordered_json::array();
  for (const MeasuredTensor& row : report.tensors) {
    tensors.push_back({{"name", row.name},
                       {"shape", row.shape},
                       {"dtype", qlab::name_of(row.dtype)},
                       {"type", row.type},
                       {"block", row.block_size},
                       {"bits_per_parameter", number(row.bits_per_parameter)},
                       {"mse", number(row.errors.mse)},
                       {"mae", number(row.errors.mae)},
                       {"max_error", number(row.errors.max_error)},
                       {"sqnr_db", number(row.errors.sqnr_db)}});
  }
  for (const PassedTensor& row : report.passed) {
    passed.push_back({{"name", row.name},
                      {"shape", row.shape},
                      {"dtype", qlab::name_of(row.dtype)},
                      {"reason", name_of(row.reason)}});
  }
  return document(std::move(tensors), std::move(passed));
}

std::string csv(const QuantizeFileReport& report) {
  Table table;
  for (const char* name : {"name", "shape", "dtype", "type", "block", "bits_per_parameter", "mse", "mae", "max_error",
                           "sqnr_db", "passed_through"}) {
    table.columns.push_back({name, "", {}});
  }
  for (const MeasuredTensor& row : report.tensors) {
    table.rows.push_back({cell(row.name), cell(shown(row.shape)), cell(qlab::name_of(row.dtype)), cell(row.type),
                          static_cast<double>(row.block_size), row.bits_per_parameter, row.errors.mse, row.errors.mae,
                          row.errors.max_error, row.errors.sqnr_db, Cell()});
  }
  for (const PassedTensor& row : report.passed) {
    table.rows.push_back({cell(row.name), cell(shown(row.shape)), cell(qlab::name_of(row.dtype)), Cell(), Cell(),
                          Cell(), Cell(), Cell(), Cell(), Cell(), cell(name_of(row.reason))});
  }
  return csv(table, Language::en);
}

std::string text(const QuantizeFileReport& report, const TextStyle& style) {
  const auto in = [&](const char* en, const char* zh) { return Text{en, zh}.in(style.language); };
  Columns columns{
      {{in("tensor", "张量"), in("shape", "形状"), in("dtype", "数据类型"), in("type", "量化类型"),
        in("block", "块大小"), in("bits/parameter", "位/参数"), "MSE", "MAE", in("max error", "最大误差"), "SQNR/dB"}},
      {false, false, false, false, true, true, true, true, true, true}};
  for (const MeasuredTensor& row : report.tensors) {
    columns.rows.push_back({visible(row.name), shown(row.shape), qlab::name_of(row.dtype), row.type,
                            std::to_string(row.block_size), show_number(row.bits_per_parameter),
                            show_number(row.errors.mse), show_number(row.errors.mae), show_number(row.errors.max_error),
                            show_number(row.errors.sqnr_db)});
  }
  std::string out = lines_of(columns, style, 0);
  if (report.passed.empty()) return out;
  out += "\n" + in("Passed through as they are:", "原样保留：") + "\n";
  Columns passed;
  for (const PassedTensor& row : report.passed) {
    passed.rows.push_back(
        {visible(row.name), shown(row.shape), qlab::name_of(row.dtype), label_of(row.reason).in(style.language)});
  }
  return out + lines_of(passed, style, 2);
}

std::string json(const DequantizeFileReport& report) {
  ordered_json tensors = ordered_json::array();
  for (const DequantizedTensor& row : report.tensors) {
    tensors.push_back({{"name", row.name},
                       {"shape", row.shape},
                       {"dtype", qlab::name_of(row.dtype)},
                       {"type", row.type},
                       {"block", row.block_size}});
  }
  return document(std::move(tensors), report.passed);
}

std::string csv(const DequantizeFileReport& report) {
  Table table;
  for (const char* name : {"name", "shape", "dtype", "type", "block"}) table.columns.push_back({name, "", {}});
  for (const DequantizedTensor& row : report.tensors) {
    table.rows.push_back({cell(row.name), cell(shown(row.shape)), cell(qlab::name_of(row.dtype)), cell(row.type),
                          static_cast<double>(row.block_size)});
  }
  return csv(table, Language::en);
}

std::string text(const DequantizeFileReport& report, const TextStyle& style) {
  const auto in = [&](const char* en, const char* zh) { return Text{en, zh}.in(style.language); };
  Columns columns{
      {{in("tensor", "张量"), in("shape", "形状"), in("was", "原为"), in("block", "块大小"), in("is", "现为")}},
      {false, false, false, true, false}};
  for (const DequantizedTensor& row : report.tensors) {
    columns.rows.push_back(
        {visible(row.name), shown(row.shape), row.type, std::to_string(row.block_size), qlab::name_of(row.dtype)});
  }
  const std::string passed = fmt::format(
      fmt::runtime(in("{} tensors passed through as they are\n", "{} 个张量原样保留\n")), report.passed.size());
  return lines_of(columns, style, 0) + (report.passed.empty() ? "" : "\n" + passed);
}

}  // namespace qlab::views
