#include "core/tensor/safetensors.hpp"

#include <cstring>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "core/tensor/tensor_file.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/temporary_folder.hpp"
#include "tests/support/tensor_files.hpp"

namespace {

using namespace qlab;
using test::content_of;
using test::TemporaryFolder;

std::string with_length(const std::string& header, const std::string& data) {
  const std::uint64_t length = header.size();
  std::string file(sizeof length, '\0');
  std::memcpy(file.data(), &length, sizeof length);
  return file + header + data;
}

std::string problem_of_bytes(const std::string& file) {
  const auto parsed = parse_safetensors(std::as_bytes(std::span(file)), "f");
  if (parsed) return "accepted";
  CHECK(parsed.error().code == Errc::bad_file);
  CHECK(parsed.error().where == "f");
  const std::string prefix = "bad safetensors file, ";
  CHECK(parsed.error().what.starts_with(prefix));
  return parsed.error().what.substr(prefix.size());
}

/// What the reader says about this header followed by `data_bytes` zeros.
std::string problem_of(const std::string& header, std::size_t data_bytes = 0) {
  return problem_of_bytes(with_length(header, std::string(data_bytes, '\0')));
}

TEST_CASE("a written file is read back: names, shapes, types, bytes and metadata", "[core][tensor]") {
  const TemporaryFolder folder;
  const float weights[] = {1, 2, 3, 4, 5, 6};
  {
    auto out = AtomicFile::create(folder / "a.safetensors");
    REQUIRE(out);
    auto writer = SafetensorsWriter::create(
        std::move(*out),
        {{"ids", Dtype::u8, {3}}, {"w", Dtype::f32, {2, 3}}, {"none", Dtype::f16, {0, 7}}, {"one", Dtype::u8, {}}},
        {{"format", "pt"}, {"note", "quote \" and \n line, 中文"}});
    REQUIRE(writer);
    const auto bytes = std::as_bytes(std::span(weights));
    REQUIRE(writer->write(1, 8, bytes.subspan(8)));  // pieces in any order
    REQUIRE(writer->write(0, 0, std::as_bytes(std::span("abc", 3))));
    REQUIRE(writer->write(1, 0, bytes.first(8)));
    REQUIRE(writer->write(3, 0, std::as_bytes(std::span("x", 1))));
    REQUIRE(writer->commit());
  }
  const auto file = open_tensor_file(folder / "a.safetensors");
  REQUIRE(file);
  CHECK(file->metadata == FileMetadata{{"format", "pt"}, {"note", "quote \" and \n line, 中文"}});
  REQUIRE(file->tensors.size() == 4);
  const auto found = file->find("w");
  REQUIRE(found);
  CHECK((*found)->shape == std::vector<std::int64_t>{2, 3});
  CHECK((*found)->dtype == Dtype::f32);
  CHECK(std::memcmp((*found)->bytes.data(), weights, sizeof weights) == 0);
  CHECK(file->tensors[0].name == "w");  // the widest type comes first
  CHECK(file->tensors[1].name == "none");
  CHECK(file->tensors[2].name == "ids");
  CHECK(file->tensors[3].size() == 1);
  const auto missing = file->find("v");
  REQUIRE_FALSE(missing);
  CHECK(missing.error().message() ==
        "no tensor 'v' (" + (folder / "a.safetensors").string() + "): use one of w, none, ids, one");
}

TEST_CASE("files of the safetensors library are written again byte for byte", "[core][tensor][golden]") {
  const TemporaryFolder folder;
  for (const char* name : {"quant/model/fp16.safetensors", "quant/model/nf4-dq.safetensors"}) {
    const std::filesystem::path original = std::filesystem::path(QLAB_TEST_DATA) / name;
    const auto file = open_tensor_file(original);
    REQUIRE(file);
    std::vector<test::TensorBytes> tensors;
    for (auto tensor = file->tensors.rbegin(); tensor != file->tensors.rend(); ++tensor) {
      tensors.push_back({{tensor->name, tensor->dtype, tensor->shape}, {tensor->bytes.begin(), tensor->bytes.end()}});
    }
    test::write_safetensors(folder / "again", tensors, file->metadata);
    CHECK(content_of(folder / "again") == content_of(original));
  }
}

TEST_CASE("a file without tensors is legal", "[core][tensor]") {
  CHECK(problem_of("{}") == "accepted");
  CHECK(problem_of(R"({"__metadata__":{"format":"pt"}}  )") == "accepted");
}

TEST_CASE("a lying length of the header is refused", "[core][tensor]") {
  CHECK(problem_of_bytes("") == "it has 0 bytes and no header");
  CHECK(problem_of_bytes("abc") == "it has 3 bytes and no header");
  CHECK(problem_of_bytes(std::string("\x03\0\0\0\0\0\0\0{}", 10)) == "its header claims 3 bytes of 2");
  CHECK(problem_of_bytes(std::string(8, '\xff')) == "its header claims 18446744073709551615 bytes, more than 100 MB");
  CHECK(problem_of_bytes(std::string(8, '\0')) == "its header does not begin with '{'");
}

TEST_CASE("a header that is no JSON of the right form is refused", "[core][tensor]") {
  CHECK(problem_of("{") == "the header is no JSON at its byte 2");
  CHECK(problem_of("{}x") == "the header is no JSON at its byte 3");
  CHECK(problem_of(R"({"a)"
                   "\xff"
                   R"(":1})") == "the header is no UTF-8 at its byte 4");
  CHECK(problem_of(" {}") == "its header does not begin with '{'");
  CHECK(problem_of("[1]") == "its header does not begin with '{'");
  CHECK(problem_of(R"({"a":1})") ==
        "tensor 'a' has a number where an object with dtype, shape and data_offsets belongs");
  CHECK(problem_of(R"({"a":null})") ==
        "tensor 'a' has null where an object with dtype, shape and data_offsets belongs");
  CHECK(problem_of(R"({"a":[]})") ==
        "tensor 'a' has a list where an object with dtype, shape and data_offsets belongs");
  CHECK(problem_of(R"({"a":{}})") == "tensor 'a' has no dtype");
  CHECK(problem_of(R"({"a":{"dtype":"F32"}})") == "tensor 'a' has no shape");
  CHECK(problem_of(R"({"a":{"dtype":"F32","shape":[]}})") == "tensor 'a' has no data_offsets");
  CHECK(problem_of(R"({"a":{"dtype":"F33"}})") == "tensor 'a' has the unknown dtype 'F33'");
  CHECK(problem_of(R"({"a":{"dtype":32}})") == "tensor 'a' has a number where a dtype belongs");
  CHECK(problem_of(R"({"a":{"shape":3}})") == "tensor 'a' has a number where a list of whole numbers belongs");
  CHECK(problem_of(R"({"a":{"shape":["3"]}})") == "tensor 'a' has a text where a whole number belongs");
  CHECK(problem_of(R"({"a":{"shape":[[3]]}})") == "tensor 'a' has a list where a whole number belongs");
  CHECK(problem_of(R"({"a":{"extra":3}})") == "tensor 'a' has the unknown key 'extra'");
  CHECK(problem_of(R"({"a":{"dtype":"F32","dtype":"F32"}})") == "tensor 'a' has two dtype");
  CHECK(problem_of(R"({"__metadata__":3})") == "__metadata__ has a number where an object of texts belongs");
  CHECK(problem_of(R"({"__metadata__":{"a":3}})") == "__metadata__ has a number where a text belongs");
  CHECK(problem_of(R"({"__metadata__":{"a":{}}})") == "__metadata__ has an object where a text belongs");
  CHECK(problem_of(R"({"__metadata__":{"a":"","a":""}})") == "__metadata__ has two texts named 'a'");
  CHECK(problem_of(R"({"__metadata__":{},"__metadata__":{}})") == "there are two __metadata__");
}

TEST_CASE("deep nesting and endless names end in one short line", "[core][tensor]") {
  const std::string deep(1000000, '[');
  CHECK(problem_of(R"({"a":)" + deep) ==
        "tensor 'a' has a list where an object with dtype, shape and data_offsets belongs");
  std::string deep_objects;
  for (int i = 0; i < 100000; ++i) deep_objects += R"({"a":)";
  CHECK(problem_of(deep_objects) == "tensor 'a' has the unknown key 'a'");
  std::string name;
  for (int i = 0; i < 100000; ++i) name += "字";
  const std::string problem = problem_of(fmt::format(R"({{"{}":1}})", name));
  CHECK(problem.size() < 300);
  CHECK(problem.starts_with("tensor '字字字"));
  CHECK(problem.find("字...' has a number") != std::string::npos);
}

TEST_CASE("shapes that are no sizes are refused", "[core][tensor]") {
  const auto shape = [](const std::string& list) {
    return problem_of(R"({"a":{"dtype":"F32","shape":)" + list + R"(,"data_offsets":[0,4]}})", 4);
  };
  CHECK(shape("[1]") == "accepted");
  CHECK(shape("[-1]") == "tensor 'a' has -1 in its shape, which is no size");
  CHECK(shape("[1.5]") == "tensor 'a' has 1.5 in its shape, which is no size");
  CHECK(shape("[1e0]") == "tensor 'a' has 1e0 in its shape, which is no size");
  CHECK(shape("[18446744073709551615]") == "tensor 'a' has 18446744073709551615 in its shape, which is no size");
  CHECK(shape("[99999999999999999999]") == "tensor 'a' has 99999999999999999999 in its shape, which is no size");
  CHECK(shape("[9223372036854775807]") == "tensor 'a' has a shape past every memory");
  CHECK(shape("[4294967296,4294967296]") == "tensor 'a' has a shape past every memory");
  CHECK(shape("[4611686018427387904,4,0]") == "tensor 'a' has a shape past every memory");
  CHECK(shape("[2305843009213693951]") == "tensor 'a' has 4 bytes, its shape and dtype need 9223372036854775804");
}

TEST_CASE("places that do not cover the data exactly once are refused", "[core][tensor]") {
  const auto entry = [](const std::string& name, int begin, int end) {
    return fmt::format(R"("{}":{{"dtype":"U8","shape":[{}],"data_offsets":[{},{}]}})", name, end - begin, begin, end);
  };
  const auto object = [](const std::vector<std::string>& entries) {
    return fmt::format("{{{}}}", fmt::join(entries, ","));
  };
  const std::string a = entry("a", 0, 4), b = entry("b", 4, 8);
  CHECK(problem_of(object({b, a}), 8) == "accepted");
  CHECK(problem_of(object({a, b}), 9) == "1 bytes at the end belong to no tensor");
  CHECK(problem_of(object({a, b}), 7) == "tensor 'b' ends at byte 8 of 7, the file is cut short");
  CHECK(problem_of(object({a, entry("b", 3, 8)}), 8) == "tensors 'a' and 'b' overlap");
  CHECK(problem_of(object({a, entry("b", 5, 8)}), 8) == "1 bytes before tensor 'b' belong to none");
  CHECK(problem_of(object({a, entry("a", 4, 8)}), 8) == "two tensors are named 'a'");
  CHECK(problem_of(object({entry("b", 4, 8)}), 8) == "4 bytes before tensor 'b' belong to none");
  CHECK(problem_of(R"({"a":{"dtype":"U8","shape":[4],"data_offsets":[8,4]}})", 8) ==
        "tensor 'a' ends before it begins");
  CHECK(problem_of(R"({"a":{"dtype":"U8","shape":[4],"data_offsets":[0]}})", 8) ==
        "tensor 'a' has 1 data_offsets instead of 2");
  CHECK(problem_of(R"({"a":{"dtype":"U8","shape":[4],"data_offsets":[0,-4]}})", 8) ==
        "tensor 'a' has -4 in its data_offsets, which is no size");
  CHECK(problem_of(R"({"a":{"dtype":"F16","shape":[4],"data_offsets":[0,4]}})", 4) ==
        "tensor 'a' has 4 bytes, its shape and dtype need 8");
}

TEST_CASE("every truncation of a real file is refused", "[core][tensor][property]") {
  const std::string whole = content_of(std::filesystem::path(QLAB_TEST_DATA) / "quant/model/fp16.safetensors");
  REQUIRE(problem_of_bytes(whole) == "accepted");
  int accepted = 0;
  for (std::size_t length = 0; length < whole.size(); length += length < 2200 ? 7 : 4999) {
    accepted += static_cast<bool>(parse_safetensors(std::as_bytes(std::span(whole.data(), length)), "f"));
  }
  CHECK(accepted == 0);
}

}  // namespace
