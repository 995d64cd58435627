#include "core/base/mapped_file.hpp"

#include <sys/stat.h>

#include <string>
#include <utility>

#include "tests/support/catch.hpp"
#include "tests/support/temporary_folder.hpp"

namespace {

using namespace qlab;
using test::TemporaryFolder;

TEST_CASE("a mapped file shows the file's bytes and moves", "[core][base]") {
  const TemporaryFolder folder;
  test::put(folder / "a", "hello");
  auto opened = MappedFile::open(folder / "a");
  REQUIRE(opened);
  MappedFile file = std::move(*opened);
  REQUIRE(file.bytes().size() == 5);
  CHECK(file.bytes()[4] == std::byte{'o'});
  test::put(folder / "b", "other");
  auto other = MappedFile::open(folder / "b");
  REQUIRE(other);
  file = std::move(*other);
  CHECK(file.bytes()[0] == std::byte{'o'});
}

TEST_CASE("an empty file maps to no bytes", "[core][base]") {
  const TemporaryFolder folder;
  test::put(folder / "empty", "");
  const auto file = MappedFile::open(folder / "empty");
  REQUIRE(file);
  CHECK(file->bytes().empty());
}

TEST_CASE("released pages come back with the same bytes", "[core][base]") {
  const TemporaryFolder folder;
  test::put(folder / "a", std::string(100000, 'x'));
  const auto file = MappedFile::open(folder / "a");
  REQUIRE(file);
  release_pages(file->bytes().subspan(1));
  int wrong = 0;
  for (const std::byte byte : file->bytes()) wrong += byte != std::byte{'x'};
  CHECK(wrong == 0);
}

TEST_CASE("what cannot be mapped is refused with the reason", "[core][base]") {
  const TemporaryFolder folder;
  const auto message = [&](const std::filesystem::path& path) {
    const auto file = MappedFile::open(path);
    return file ? std::string("opened") : file.error().message();
  };
  const std::string missing = (folder / "none").string();
  CHECK(message(missing) == "cannot open the file, No such file or directory (" + missing + "): check the path");
  CHECK(message(folder.path()) == "this is a folder (" + folder.path().string() + "): name a file in it");
  const std::string pipe = (folder / "pipe").string();
  REQUIRE(mkfifo(pipe.c_str(), 0600) == 0);
  CHECK(message(pipe) == "this is no regular file (" + pipe + "): copy its content into a file first");
  CHECK(message("/dev/null") == "this is no regular file (/dev/null): copy its content into a file first");
}

}  // namespace
