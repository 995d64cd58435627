// A file mapped into memory for reading: a 10 GB file opens at once, and only the pages that are read take memory.
// A file that another program shortens meanwhile ends the process with SIGBUS when the missing part is read; the
// system offers no way to prevent that. SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>

#include "core/base/result.hpp"

namespace qlab {

class MappedFile {
 public:
  /// Errors: not_found, or io with the system's reason; bad_argument for a folder, a pipe or a device.
  static Result<MappedFile> open(const std::filesystem::path& path);

  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&& other) noexcept;
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;
  ~MappedFile();

  std::span<const std::byte> bytes() const { return bytes_; }

 private:
  explicit MappedFile(std::span<const std::byte> bytes) : bytes_(bytes) {}

  std::span<const std::byte> bytes_;
};

/// Says that `part` of a mapped file will not be read again soon: the pages wholly inside leave resident memory. They
/// come back by themselves if it is read after all.
void release_pages(std::span<const std::byte> part);

}  // namespace qlab
