// A file that appears whole or not at all: written under a temporary name in the same folder, flushed to the disk, then
// renamed. Until commit() succeeds an existing file of that name stays as it is; without commit() the temporary file is
// removed. SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string_view>

#include "core/base/result.hpp"

namespace qlab {

class AtomicFile {
 public:
  /// A symbolic link is followed, so that the file it names is replaced and not the link. An existing file's
  /// permissions are kept. Errors: io or not_found with the system's reason; bad_argument if `target` is there and is
  /// no regular file.
  static Result<AtomicFile> create(const std::filesystem::path& target);

  AtomicFile(AtomicFile&& other) noexcept;
  AtomicFile& operator=(AtomicFile&& other) noexcept;
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;
  ~AtomicFile();

  /// Every byte is written or the error says why not (a full disk).
  Result<Done> write_at(std::int64_t offset, std::span<const std::byte> bytes);

  /// Puts the file in its place. Afterwards nothing more can be written.
  Result<Done> commit();

 private:
  AtomicFile(int descriptor, std::filesystem::path temporary, std::filesystem::path target);

  int descriptor_ = -1;
  std::filesystem::path temporary_;  ///< empty once committed
  std::filesystem::path target_;
};

/// The whole of a small file at once.
Result<Done> write_file(const std::filesystem::path& target, std::string_view content);

}  // namespace qlab
