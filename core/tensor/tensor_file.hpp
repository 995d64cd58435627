// A file of tensors, whichever of the two kinds it is, mapped and checked. SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <string_view>
#include <vector>

#include "core/base/mapped_file.hpp"
#include "core/base/result.hpp"
#include "core/tensor/safetensors.hpp"
#include "core/tensor/tensor.hpp"

namespace qlab {

struct TensorFile {
  std::filesystem::path path;
  MappedFile file;
  std::vector<TensorView>
      tensors;            ///< views into `file`; an npy file's tensor is called as the file without its ending
  FileMetadata metadata;  ///< safetensors only

  /// Error: not_found that lists the file's tensors.
  Result<const TensorView*> find(std::string_view name) const;
};

/// A file that begins as npy files do is one, any other must be a safetensors file. Errors: as MappedFile::open,
/// parse_safetensors and parse_npy.
Result<TensorFile> open_tensor_file(const std::filesystem::path& path);

/// The names of tensors for an error's hint, a few of them when there are many.
std::string list_names(std::span<const TensorView> tensors);

}  // namespace qlab
