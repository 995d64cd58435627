#include "core/base/io_error.hpp"

#include <cerrno>
#include <system_error>

namespace qlab {
namespace {

const char* hint_for(int error_number) {
  switch (error_number) {
    case ENOENT: return "check the path";
    case EACCES:
    case EPERM:
    case EROFS: return "choose another place or change its permissions";
    case ENOSPC:
    case EDQUOT:
    case EFBIG: return "free some space or choose another disk; nothing was written";
    default: return "";
  }
}

}  // namespace

Error io_error(int error_number, const char* doing, const std::filesystem::path& path) {
  const std::string reason = std::generic_category().message(error_number);
  return {error_number == ENOENT ? Errc::not_found : Errc::io, std::string("cannot ") + doing + ", " + reason,
          path.string(), hint_for(error_number)};
}

}  // namespace qlab
