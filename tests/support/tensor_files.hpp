// Small safetensors files for tests. SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "core/tensor/safetensors.hpp"
#include "tests/support/catch.hpp"

namespace qlab::test {

struct TensorBytes {
  TensorEntry entry;
  std::vector<std::byte> bytes;
};

template <class T>
TensorBytes tensor_of(std::string name, Dtype dtype, std::vector<std::int64_t> shape, const std::vector<T>& values) {
  const auto bytes = std::as_bytes(std::span(values));
  return {{std::move(name), dtype, std::move(shape)}, {bytes.begin(), bytes.end()}};
}

inline void write_safetensors(const std::filesystem::path& path, const std::vector<TensorBytes>& tensors,
                              const FileMetadata& metadata = {}) {
  std::vector<TensorEntry> entries;
  for (const TensorBytes& tensor : tensors) entries.push_back(tensor.entry);
  auto file = AtomicFile::create(path);
  REQUIRE(file);
  auto writer = SafetensorsWriter::create(std::move(*file), entries, metadata);
  REQUIRE(writer);
  for (std::size_t i = 0; i < tensors.size(); ++i) REQUIRE(writer->write(i, 0, tensors[i].bytes));
  REQUIRE(writer->commit());
}

}  // namespace qlab::test
