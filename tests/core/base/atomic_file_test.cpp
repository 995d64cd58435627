#include "core/base/atomic_file.hpp"

#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <string>

#include "tests/support/catch.hpp"
#include "tests/support/temporary_folder.hpp"

namespace {

using namespace qlab;
using test::content_of;
using test::TemporaryFolder;

std::span<const std::byte> bytes_of(const std::string& text) { return std::as_bytes(std::span(text)); }

TEST_CASE("an atomic file appears at commit and not before", "[core][base]") {
  const TemporaryFolder folder;
  test::put(folder / "out", "old");
  {
    auto file = AtomicFile::create(folder / "out");
    REQUIRE(file);
    REQUIRE(file->write_at(4, bytes_of("new")));
    REQUIRE(file->write_at(0, bytes_of("the ")));
    CHECK(content_of(folder / "out") == "old");
    REQUIRE(file->commit());
  }
  CHECK(content_of(folder / "out") == "the new");
  CHECK(folder.entries() == 1);
}

TEST_CASE("an atomic file that is given up leaves nothing behind", "[core][base]") {
  const TemporaryFolder folder;
  {
    auto file = AtomicFile::create(folder / "out");
    REQUIRE(file);
    REQUIRE(file->write_at(0, bytes_of("half")));
    AtomicFile moved = std::move(*file);
    CHECK(folder.entries() == 1);
  }
  CHECK(folder.entries() == 0);
}

TEST_CASE("two atomic files of one folder do not meet", "[core][base]") {
  const TemporaryFolder folder;
  auto first = AtomicFile::create(folder / "a"), second = AtomicFile::create(folder / "b");
  REQUIRE(first);
  REQUIRE(second);
  REQUIRE(first->write_at(0, bytes_of("1")));
  REQUIRE(second->write_at(0, bytes_of("2")));
  REQUIRE(first->commit());
  REQUIRE(second->commit());
  CHECK(content_of(folder / "a") == "1");
  CHECK(content_of(folder / "b") == "2");
}

TEST_CASE("write_file keeps an existing file's permissions and follows a link to it", "[core][base]") {
  const TemporaryFolder folder;
  test::put(folder / "real", "old");
  REQUIRE(chmod((folder / "real").c_str(), 0640) == 0);
  std::filesystem::create_symlink("real", folder / "link");
  REQUIRE(write_file(folder / "link", "new"));
  CHECK(std::filesystem::is_symlink(folder / "link"));
  CHECK(content_of(folder / "real") == "new");
  struct stat status {};
  REQUIRE(stat((folder / "real").c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0640);
}

TEST_CASE("a name as long as the system allows can be written", "[core][base]") {
  const TemporaryFolder folder;
  REQUIRE(write_file(folder / std::string(255, 'n'), "x"));
  CHECK(folder.entries() == 1);
}

TEST_CASE("places that cannot be written are refused with the reason", "[core][base]") {
  const TemporaryFolder folder;
  const auto message = [](const std::filesystem::path& path) {
    const auto file = write_file(path, "x");
    return file ? std::string("written") : file.error().message();
  };
  const std::string here = folder.path().string();
  CHECK(message(here) == "this is a folder (" + here + "): name a file in it");
  CHECK(message(here + "/") == "this is no file name (" + here + "/): name a file");
  CHECK(message("/dev/full") == "this is no regular file (/dev/full): name a file");
  CHECK(message(folder / "no/such") ==
        "cannot write into the folder, No such file or directory (" + here + "/no): check the path");
}

TEST_CASE("an unwritable folder is refused by its name", "[core][base]") {
  const TemporaryFolder folder;
  REQUIRE(chmod(folder.path().c_str(), 0555) == 0);
  const bool is_root = geteuid() == 0;  // root may write anywhere, so the test becomes somebody else for a moment
  if (is_root) REQUIRE(seteuid(65534) == 0);
  const auto written = write_file(folder / "out", "x");
  if (is_root) REQUIRE(seteuid(0) == 0);
  REQUIRE_FALSE(written);
  CHECK(written.error().message() == "cannot write into the folder, Permission denied (" + folder.path().string() +
                                         "): choose another place or change its permissions");
}

TEST_CASE("a disk that fills up gives an error and leaves the old file", "[core][base]") {
  const TemporaryFolder folder;
  test::put(folder / "out", "old");
  // A limit on the size of files acts as a disk of that size; its signal is ignored as the program does.
  rlimit old_limit{};
  REQUIRE(getrlimit(RLIMIT_FSIZE, &old_limit) == 0);
  const auto old_handler = std::signal(SIGXFSZ, SIG_IGN);
  const rlimit small{100000, old_limit.rlim_max};
  REQUIRE(setrlimit(RLIMIT_FSIZE, &small) == 0);
  const auto written = write_file(folder / "out", std::string(200000, 'x'));
  REQUIRE(setrlimit(RLIMIT_FSIZE, &old_limit) == 0);
  std::signal(SIGXFSZ, old_handler);
  REQUIRE_FALSE(written);
  CHECK(written.error().what == "cannot write the file, File too large");
  CHECK(content_of(folder / "out") == "old");
  CHECK(folder.entries() == 1);
}

}  // namespace
