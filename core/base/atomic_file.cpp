#include "core/base/atomic_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "core/base/check.hpp"
#include "core/base/io_error.hpp"

namespace qlab {
namespace {

std::filesystem::path folder_of(const std::filesystem::path& file) {
  return file.has_parent_path() ? file.parent_path() : std::filesystem::path(".");
}

}  // namespace

Result<AtomicFile> AtomicFile::create(const std::filesystem::path& target) {
  std::error_code ignored;
  const bool is_link = std::filesystem::is_symlink(target, ignored);
  const std::filesystem::path place = is_link ? std::filesystem::weakly_canonical(target, ignored) : target;
  if (!place.has_filename()) return Error{Errc::bad_argument, "this is no file name", target.string(), "name a file"};
  struct stat status {};
  const bool exists = stat(place.c_str(), &status) == 0;
  if (exists && S_ISDIR(status.st_mode)) {
    return Error{Errc::bad_argument, "this is a folder", target.string(), "name a file in it"};
  }
  if (exists && !S_ISREG(status.st_mode)) {
    return Error{Errc::bad_argument, "this is no regular file", target.string(), "name a file"};
  }
  // A name of fixed length: the target's own may be as long as the system allows.
  for (int attempt = 0;; ++attempt) {
    std::filesystem::path temporary = folder_of(place) / fmt::format(".qloralab-{}-{}.tmp", getpid(), attempt);
    const int descriptor = open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (descriptor >= 0) {
      AtomicFile file(descriptor, std::move(temporary), place);
      if (exists && fchmod(descriptor, status.st_mode & 07777) != 0) return io_error(errno, "write the file", target);
      return file;
    }
    if (errno != EEXIST) return io_error(errno, "write into the folder", folder_of(place));
  }
}

AtomicFile::AtomicFile(int descriptor, std::filesystem::path temporary, std::filesystem::path target)
    : descriptor_(descriptor), temporary_(std::move(temporary)), target_(std::move(target)) {}

AtomicFile::AtomicFile(AtomicFile&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)),
      temporary_(std::exchange(other.temporary_, {})),
      target_(std::move(other.target_)) {}

AtomicFile& AtomicFile::operator=(AtomicFile&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  std::swap(temporary_, other.temporary_);
  std::swap(target_, other.target_);
  return *this;
}

AtomicFile::~AtomicFile() {
  if (descriptor_ >= 0) close(descriptor_);
  if (!temporary_.empty()) unlink(temporary_.c_str());
}

Result<Done> AtomicFile::write_at(std::int64_t offset, std::span<const std::byte> bytes) {
  QLAB_CHECK(descriptor_ >= 0);
  constexpr std::size_t largest = std::size_t{1} << 30;  // Linux writes at most 2 GiB in one call
  while (!bytes.empty()) {
    const ssize_t written = pwrite(descriptor_, bytes.data(), std::min(bytes.size(), largest), offset);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return io_error(written < 0 ? errno : EIO, "write the file", target_);
    bytes = bytes.subspan(static_cast<std::size_t>(written));
    offset += written;
  }
  return Done{};
}

Result<Done> AtomicFile::commit() {
  QLAB_CHECK(descriptor_ >= 0);
  // Delayed allocation and network disks report a full disk only here.
  if (fsync(descriptor_) != 0) return io_error(errno, "write the file", target_);
  if (close(std::exchange(descriptor_, -1)) != 0) return io_error(errno, "write the file", target_);
  if (rename(temporary_.c_str(), target_.c_str()) != 0) return io_error(errno, "write the file", target_);
  temporary_.clear();
  const int folder = open(folder_of(target_).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder >= 0) {
    fsync(folder);  // makes the new name last through a power cut; some file systems cannot, the file is there anyway
    close(folder);
  }
  return Done{};
}

Result<Done> write_file(const std::filesystem::path& target, std::string_view content) {
  auto file = AtomicFile::create(target);
  if (!file) return file.error();
  if (auto written = file->write_at(0, std::as_bytes(std::span(content))); !written) return written;
  return file->commit();
}

}  // namespace qlab
