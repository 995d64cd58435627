#include "core/tensor/npy.hpp"

#include <cstring>
#include <string>

#include "core/tensor/tensor_file.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/temporary_folder.hpp"

namespace {

using namespace qlab;
using test::TemporaryFolder;

std::string npy(const std::string& dictionary, const std::string& data, char version = 1) {
  std::string file = "\x93NUMPY";
  file += {version, '\0', static_cast<char>(dictionary.size() & 255), static_cast<char>(dictionary.size() >> 8)};
  if (version > 1) file += std::string(2, '\0');
  return file + dictionary + data;
}

std::string problem_of(const std::string& file) {
  const auto parsed = parse_npy(std::as_bytes(std::span(file)), "w", "f");
  return parsed ? "accepted" : parsed.error().what;
}

std::string problem_of_header(const std::string& dictionary) {
  return problem_of(npy(dictionary, std::string(8, '\0')));
}

TEST_CASE("the header is the bytes that numpy.save writes", "[core][tensor][golden]") {
  // numpy 2.4: numpy.save of float32 (3,), float16 (2, 3), float32 ().
  const auto expected = [](const std::string& dictionary) {
    return std::string("\x93NUMPY\x01\x00v\x00", 10) + dictionary + std::string(117 - dictionary.size(), ' ') + "\n";
  };
  CHECK(npy_header(Dtype::f32, std::vector<std::int64_t>{3}) ==
        expected("{'descr': '<f4', 'fortran_order': False, 'shape': (3,), }"));
  CHECK(npy_header(Dtype::f16, std::vector<std::int64_t>{2, 3}) ==
        expected("{'descr': '<f2', 'fortran_order': False, 'shape': (2, 3), }"));
  CHECK(npy_header(Dtype::f32, {}) == expected("{'descr': '<f4', 'fortran_order': False, 'shape': (), }"));
}

TEST_CASE("an npy file is a tensor file with one tensor called after it", "[core][tensor]") {
  const TemporaryFolder folder;
  const float values[] = {1, 2, 3};
  const std::vector<std::int64_t> shape = {3};
  test::put(folder / "weights.npy",
            npy_header(Dtype::f32, shape) + std::string(reinterpret_cast<const char*>(values), sizeof values));
  const auto file = open_tensor_file(folder / "weights.npy");
  REQUIRE(file);
  REQUIRE(file->tensors.size() == 1);
  CHECK(file->tensors[0].name == "weights");
  CHECK(file->tensors[0].shape == shape);
  CHECK(std::memcmp(file->tensors[0].bytes.data(), values, sizeof values) == 0);
}

TEST_CASE("versions 1 to 3, any order of keys and f8 are read", "[core][tensor]") {
  const std::string data(16, '\0');
  for (const char version : {char{1}, char{2}, char{3}}) {
    CHECK(problem_of(npy("{'descr': '<f8', 'fortran_order': False, 'shape': (2,), }\n", data, version)) == "accepted");
  }
  CHECK(problem_of(npy("{\"shape\":(2,2),\"fortran_order\":False,\"descr\":\"<f4\"}", data)) == "accepted");
  CHECK(problem_of(npy("{'descr': '<f4', 'fortran_order': True, 'shape': (4,), }", data)) == "accepted");
  CHECK(problem_of(npy("{'descr': '<f2', 'fortran_order': False, 'shape': (), }", data.substr(0, 2))) == "accepted");
  CHECK(problem_of(npy("{'descr': '<f2', 'fortran_order': False, 'shape': (0, 3), }", "")) == "accepted");
}

TEST_CASE("what is no readable npy file is refused with the reason", "[core][tensor]") {
  CHECK(problem_of("abc") == "bad npy file, it does not begin with \\x93NUMPY");
  CHECK(problem_of("\x93NUMPY\x01") == "bad npy file, it ends within its header");
  CHECK(problem_of(npy("{}", "", 9)) == "npy file with version 9");
  CHECK(problem_of(std::string("\x93NUMPY\x01\x00\xff\xff{}", 12)) ==
        "bad npy file, its header claims 65535 bytes of 2");
  const std::string no_dictionary = "bad npy file, its header is no dictionary of descr, fortran_order and shape";
  for (const char* text : {"", "{", "{}", "{'descr': '<f4', 'fortran_order': False}",
                           "{'descr': '<f4', 'fortran_order': 0, 'shape': (2,)}",
                           "{'descr': '<f4', 'fortran_order': False, 'shape': (-2,)}",
                           "{'descr': '<f4', 'fortran_order': False, 'shape': (2 2)}",
                           "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), 'x': 1}",
                           "{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (2,)}",
                           "{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,)}",
                           "{'descr': '<f4', 'fortran_order': False, 'shape': (2,)} x", "{'descr': '<f4"}) {
    CAPTURE(text);
    CHECK(problem_of_header(text) == no_dictionary);
  }
  CHECK(problem_of_header("{'descr': '<i8', 'fortran_order': False, 'shape': (1,)}") == "npy file with elements '<i8'");
  CHECK(problem_of_header("{'descr': '>f4', 'fortran_order': False, 'shape': (2,)}") == "npy file with elements '>f4'");
  CHECK(problem_of_header("{'descr': '<f4', 'fortran_order': True, 'shape': (1, 2)}") == "npy file with Fortran order");
  CHECK(problem_of_header("{'descr': '<f4', 'fortran_order': False, 'shape': (3,)}") ==
        "bad npy file, it has 8 bytes of data, its shape needs 12");
  CHECK(problem_of_header("{'descr': '<f4', 'fortran_order': False, 'shape': (1,)}") ==
        "bad npy file, it has 8 bytes of data, its shape needs 4");
  CHECK(problem_of_header("{'descr': '<f4', 'fortran_order': False, 'shape': (4611686018427387904, 2)}") ==
        "bad npy file, its shape is past every memory");
}

}  // namespace
