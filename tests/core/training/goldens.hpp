// The reference data of training, and how far two runs of numbers lie apart. SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "core/tensor/tensor_file.hpp"
#include "core/training/adapter.hpp"
#include "core/training/hub_folder.hpp"
#include "core/training/pass.hpp"
#include "tests/support/catch.hpp"

namespace qlab::training::test {

inline std::filesystem::path golden_path(const std::string& name) {
  return std::filesystem::path(QLAB_TEST_DATA) / "training" / name;
}

/// goldens.json.
inline const nlohmann::json& goldens() {
  static const nlohmann::json document = nlohmann::json::parse(std::ifstream(golden_path("goldens.json")));
  return document;
}

class GoldenFile {
 public:
  explicit GoldenFile(const std::string& name) : file_(open(name)) {}

  bool has(const std::string& name) const { return static_cast<bool>(file_.find(name)); }
  const TensorView& view(const std::string& name) const {
    const auto found = file_.find(name);
    if (!found) throw std::runtime_error(found.error().message());
    return **found;
  }
  /// fp32, or float64 rounded once.
  std::vector<float> floats(const std::string& name) const {
    std::vector<float> values(static_cast<std::size_t>(view(name).size()));
    if (!read_f32(view(name), 0, values)) throw std::runtime_error(name);
    return values;
  }
  std::vector<std::int32_t> integers(const std::string& name) const { return raw<std::int32_t>(name); }
  std::vector<std::uint8_t> bytes(const std::string& name) const { return raw<std::uint8_t>(name); }

 private:
  static TensorFile open(const std::string& name) {
    auto file = open_tensor_file(golden_path(name));
    if (!file) throw std::runtime_error(file.error().message());
    return *std::move(file);
  }
  template <class T>
  std::vector<T> raw(const std::string& name) const {
    const auto bytes = view(name).bytes;
    std::vector<T> values(bytes.size() / sizeof(T));
    std::memcpy(values.data(), bytes.data(), bytes.size());
    return values;
  }

  TensorFile file_;
};

inline double largest_difference(std::span<const float> a, std::span<const float> b) {
  REQUIRE(a.size() == b.size());
  double largest = 0;
  for (std::size_t i = 0; i < a.size(); ++i) largest = std::max(largest, std::abs(double{a[i]} - b[i]));
  return largest;
}

inline double largest_magnitude(std::span<const float> a) {
  double largest = 0;
  for (const float one : a) largest = std::max(largest, std::abs(double{one}));
  return largest;
}

/// Of the tensor's largest entry.
inline double relative_difference(std::span<const float> a, std::span<const float> expected) {
  return largest_difference(a, expected) / largest_magnitude(expected);
}

inline double rms_difference(std::span<const float> a, std::span<const float> b) {
  REQUIRE(a.size() == b.size());
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += (double{a[i]} - b[i]) * (double{a[i]} - b[i]);
  return std::sqrt(sum / static_cast<double>(a.size()));
}

inline Decoder golden_model(Engine& engine, const std::string& folder = "model") {
  auto decoder = load_decoder(engine, golden_path(folder));
  if (!decoder) throw std::runtime_error(decoder.error().message());
  return *std::move(decoder);
}

inline Batch golden_batch(const GoldenFile& step, const std::string& labels = "labels") {
  const auto shape = step.view("input_ids").shape;
  return {shape[0], shape[1], step.integers("input_ids"), step.integers(labels)};
}

/// Batch `k` of the 20 steps.
inline Batch golden_batch(const GoldenFile& adamw, std::int64_t k) {
  const auto shape = adamw.view("batches").shape;
  const auto all = adamw.integers("batches");
  const auto first = all.begin() + k * shape[1] * shape[2];
  const std::vector<std::int32_t> ids(first, first + shape[1] * shape[2]);
  return {shape[1], shape[2], ids, ids};
}

/// "base_model.model.model.layers..." or "model.layers...": as gradients are called in the reference data.
inline std::string short_name(const std::string& name) {
  const std::string prefix = "base_model.model.";
  return name.starts_with(prefix) ? name.substr(prefix.size()) : name;
}

}  // namespace qlab::training::test
