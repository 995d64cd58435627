// Reads reference data below tests/data: a safetensors file, a JSON file. SPDX-License-Identifier: MIT
#pragma once

#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <vector>

#include "core/tensor/tensor_file.hpp"

namespace qlab_test {

inline std::string data_path(const std::string& name) { return std::string(QLAB_TEST_DATA) + "/" + name; }

inline nlohmann::json read_json(const std::string& name) {
  std::ifstream file(data_path(name));
  return nlohmann::json::parse(file);
}

class GoldenFile {
 public:
  explicit GoldenFile(const std::string& name) : file_(open(name)) {}

  const std::vector<qlab::TensorView>& tensors() const { return file_.tensors; }

  /// The tensor's elements as they lie in the file.
  template <class T>
  std::vector<T> raw(const std::string& name) const {
    const qlab::TensorView& tensor = find(name);
    std::vector<T> elements(tensor.bytes.size() / sizeof(T));
    std::memcpy(elements.data(), tensor.bytes.data(), tensor.bytes.size());
    return elements;
  }

  /// An f32, f16 or bf16 tensor as fp32.
  std::vector<float> widened(const std::string& name) const {
    const qlab::TensorView& tensor = find(name);
    std::vector<float> out(static_cast<std::size_t>(tensor.size()));
    if (auto read = qlab::read_f32(tensor, 0, out); !read) throw std::runtime_error(read.error().message());
    return out;
  }

 private:
  static qlab::TensorFile open(const std::string& name) {
    auto opened = qlab::open_tensor_file(data_path(name));
    if (!opened) throw std::runtime_error(opened.error().message());
    return std::move(*opened);
  }
  const qlab::TensorView& find(const std::string& name) const {
    const auto found = file_.find(name);
    if (!found) throw std::runtime_error(found.error().message());
    return **found;
  }

  qlab::TensorFile file_;
};

}  // namespace qlab_test
