#include "lessons/engine/text_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

#include "core/base/utf8.hpp"

namespace qlab::lessons {

Result<std::string> read_text_file(const std::filesystem::path& path) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rb"), &std::fclose);
  if (!file && errno == ENOENT) {
    return Error{Errc::not_found, path.filename().string() + " is missing", path.string(), "write this file"};
  }
  std::string text;
  std::size_t size = 0;
  if (file) {
    char piece[1 << 14];
    while ((size = std::fread(piece, 1, sizeof piece, file.get())) > 0) text.append(piece, size);
  }
  if (!file || std::ferror(file.get()) != 0) {
    return Error{Errc::io, "cannot read " + path.filename().string(), path.string(), std::strerror(errno)};
  }
  if (const auto broken = find_broken_utf8(text)) {
    const auto line = 1 + std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(*broken), '\n');
    return Error{Errc::bad_file, fmt::format("byte 0x{:02x} is not UTF-8", static_cast<unsigned char>(text[*broken])),
                 fmt::format("{}:{}", path.string(), line), "save the file as UTF-8"};
  }
  return text;
}

}  // namespace qlab::lessons
