// Reads reference data below tests/data: a small safetensors file, a JSON file. SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <cstring>
#include <fstream>
#include <iterator>
#include <map>
#include <nlohmann/json.hpp>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "core/tensor/dtype.hpp"

namespace qlab_test {

inline std::vector<char> read_data(const std::string& path) {
  std::ifstream file(std::string(QLAB_TEST_DATA) + "/" + path, std::ios::binary);
  if (!file) throw std::runtime_error("cannot open tests/data/" + path);
  return {std::istreambuf_iterator<char>(file), {}};
}

inline nlohmann::json read_json(const std::string& path) { return nlohmann::json::parse(read_data(path)); }

class GoldenFile {
 public:
  explicit GoldenFile(const std::string& path) : bytes_(read_data(path)) {
    std::uint64_t header_size = 0;
    std::memcpy(&header_size, bytes_.data(), sizeof header_size);
    data_ = 8 + header_size;
    header_ = nlohmann::json::parse(bytes_.begin() + 8, bytes_.begin() + data_);
  }

  /// The tensor's elements as they lie in the file.
  template <class T>
  std::vector<T> raw(const std::string& name) const {
    const auto& offsets = header_.at(name).at("data_offsets");
    const std::size_t size = offsets[1].get<std::size_t>() - offsets[0].get<std::size_t>();
    std::vector<T> elements(size / sizeof(T));
    std::memcpy(elements.data(), bytes_.data() + data_ + offsets[0].get<std::size_t>(), size);
    return elements;
  }

  /// An f32, f16 or bf16 tensor as fp32.
  std::vector<float> widened(const std::string& name) const {
    const std::string dtype = header_.at(name).at("dtype");
    if (dtype == "F32") return raw<float>(name);
    std::vector<float> out;
    for (const std::uint16_t bits : raw<std::uint16_t>(name)) {
      out.push_back(dtype == "F16" ? qlab::f32_from_f16(bits) : qlab::f32_from_bf16(bits));
    }
    return out;
  }

  const nlohmann::json& header() const { return header_; }

 private:
  std::vector<char> bytes_;
  std::size_t data_ = 0;
  nlohmann::json header_;
};

}  // namespace qlab_test
