#include "app/data_root.hpp"

#include <cstdlib>
#include <system_error>

namespace qlab {
namespace {

namespace fs = std::filesystem;

bool holds_lessons(const fs::path& root) {
  std::error_code unreadable;  // counts as not there
  return fs::is_directory(root / "lessons", unreadable);
}

fs::path installed_root() {
  std::error_code failure;
  const fs::path executable = fs::read_symlink("/proc/self/exe", failure);
  return failure ? fs::path() : executable.parent_path().parent_path() / "share" / "qloralab";
}

}  // namespace

Result<fs::path> data_root() {
  if (const char* named = std::getenv("QLAB_DATA"); named != nullptr && *named != '\0') {
    if (holds_lessons(named)) return fs::path(named);
    return Error{Errc::not_found, "no lessons in QLAB_DATA", named,
                 "set it to the folder that holds lessons/ and assets/"};
  }
  const fs::path installed = installed_root();
  for (const fs::path& root : {installed, fs::path(QLAB_SOURCE_ROOT)}) {
    if (holds_lessons(root)) return root;
  }
  return Error{Errc::not_found, "the lessons are missing", installed.string() + " and " + QLAB_SOURCE_ROOT,
               "set QLAB_DATA to the folder that holds lessons/ and assets/"};
}

}  // namespace qlab
