// safetensors files: a header of JSON, then the tensors' bytes. The reader believes nothing that it has not checked;
// the writer lays a file out as the library of that name does, byte for byte.
// Format: 8 bytes N (little endian), N bytes of JSON {"name": {"dtype", "shape", "data_offsets"}, "__metadata__"},
// data. SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "core/base/atomic_file.hpp"
#include "core/base/result.hpp"
#include "core/tensor/tensor.hpp"

namespace qlab {

/// "__metadata__": texts by name, in the file's order.
using FileMetadata = std::vector<std::pair<std::string, std::string>>;

struct SafetensorsContent {
  std::vector<TensorView> tensors;  ///< in the order of their bytes, which cover the data without gap or overlap
  FileMetadata metadata;
};

/// `file` is the whole file and must outlive the views; `where` names it in errors. Errors: bad_file that says what is
/// wrong with which tensor.
Result<SafetensorsContent> parse_safetensors(std::span<const std::byte> file, const std::string& where);

/// A tensor to be written.
struct TensorEntry {
  std::string name;
  Dtype dtype = Dtype::f32;
  std::vector<std::int64_t> shape;

  std::int64_t bytes() const;
};

/// Writes a file whose tensors are known by name and shape from the start and whose bytes come in any order and in
/// pieces of any size.
class SafetensorsWriter {
 public:
  /// Into `file`, nothing of which was written yet. Names must differ.
  static Result<SafetensorsWriter> create(AtomicFile file, const std::vector<TensorEntry>& entries,
                                          const FileMetadata& metadata);

  /// Bytes [offset, offset + bytes.size()) of the tensor `entries[entry]`.
  Result<Done> write(std::size_t entry, std::int64_t offset, std::span<const std::byte> bytes);

  /// Puts the file in its place. Every byte of every tensor must have been written.
  Result<Done> commit();

 private:
  struct Place {
    std::int64_t offset;   ///< in the file
    std::int64_t size;     ///< bytes
    std::int64_t missing;  ///< bytes not written yet
  };
  SafetensorsWriter(AtomicFile file, std::vector<Place> places) : file_(std::move(file)), places_(std::move(places)) {}

  AtomicFile file_;
  std::vector<Place> places_;  ///< of each entry
};

}  // namespace qlab
