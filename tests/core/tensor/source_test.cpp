#include "core/tensor/source.hpp"

#include <fmt/format.h>

#include <limits>
#include <string>

#include "core/experiment/backend.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/temporary_folder.hpp"
#include "tests/support/tensor_files.hpp"

namespace {

using namespace qlab;
using test::TemporaryFolder;

template <class T>
std::string message_of(const Result<T>& result) {
  return result ? "accepted" : result.error().message();
}

std::vector<float> numbers_of(std::string_view typed) {
  const auto source = parse_tensor_source(typed);
  REQUIRE(source);
  REQUIRE(std::holds_alternative<std::vector<float>>(*source));
  return std::get<std::vector<float>>(*source);
}

std::string file_of(std::string_view typed) {
  const auto source = parse_tensor_source(typed);
  REQUIRE(source);
  REQUIRE(std::holds_alternative<FileTensor>(*source));
  return std::get<FileTensor>(*source).path + " | " + std::get<FileTensor>(*source).tensor;
}

void write_f32(const std::filesystem::path& path, const std::vector<std::vector<float>>& tensors) {
  std::vector<test::TensorBytes> files;
  for (const auto& values : tensors) {
    files.push_back(test::tensor_of(fmt::format("t{}", files.size()), Dtype::f32, {std::ssize(values)}, values));
  }
  test::write_safetensors(path, files);
}

Result<LiveTensor> load_source(const TensorSource& source, std::int64_t live_limit = 1 << 20) {
  const auto backend = make_cpu_backend(1);
  return load(source, *backend, {}, 1000, live_limit);
}

TEST_CASE("a generator is named by its distribution", "[core][tensor]") {
  const auto source = parse_tensor_source(" student_t\n");
  REQUIRE(source);
  CHECK(std::get<Distribution>(*source) == Distribution::student_t);
}

TEST_CASE("numbers are read as people type and paste them", "[core][tensor]") {
  CHECK(numbers_of("0.5234, -1.2341 0.8923") == std::vector<float>{0.5234F, -1.2341F, 0.8923F});
  CHECK(numbers_of("[0.5, 1]") == std::vector<float>{0.5F, 1});
  CHECK(numbers_of("+1e-3\n\t-.5,") == std::vector<float>{1e-3F, -0.5F});
  CHECK(numbers_of("7") == std::vector<float>{7});
}

TEST_CASE("a number that cannot be read is named by its place", "[core][tensor]") {
  const std::string hint = ": use fp32 numbers such as 0.5234 or -1.2e-3, with commas or blanks between them";
  CHECK(message_of(parse_tensor_source("0.5, x")) == "number 2 is 'x'" + hint);
  CHECK(message_of(parse_tensor_source("1, 2, nan")) == "number 3 is 'nan'" + hint);
  CHECK(message_of(parse_tensor_source("1, inf")) == "number 2 is 'inf'" + hint);
  CHECK(message_of(parse_tensor_source("1e39")) == "number 1 is '1e39'" + hint);
  CHECK(message_of(parse_tensor_source("0x10")) == "number 1 is '0x10'" + hint);
  CHECK(message_of(parse_tensor_source("1-2")) == "number 1 is '1-2'" + hint);
  CHECK(message_of(parse_tensor_source("+-1")) == "number 1 is '+-1'" + hint);
  CHECK(message_of(parse_tensor_source("[]")) == "the tensor has no values: type at least one number");
  CHECK(message_of(parse_tensor_source("[1, 2")) == "number 1 is '[1'" + hint);
}

TEST_CASE("files are parted from the tensor's name at the right '#'", "[core][tensor]") {
  CHECK(file_of("m.safetensors#layer.weight") == "m.safetensors | layer.weight");
  CHECK(file_of("a#b/m.safetensors#w#1") == "a#b/m.safetensors | w#1");
  CHECK(file_of("a#b/m.safetensors") == "a#b/m.safetensors | ");
  CHECK(file_of("2024/w.npy") == "2024/w.npy | ");
  CHECK(file_of("blobs/3f2a#w") == "blobs/3f2a | w");
}

TEST_CASE("what is none of the three says what was expected", "[core][tensor]") {
  const std::string hint =
      ": use normal, laplace, student_t, uniform or outliers; trained; numbers such as 0.5, -1.2; or FILE#NAME of a "
      "safetensors file, or an npy file";
  CHECK(message_of(parse_tensor_source("gauss")) == "tensor is 'gauss'" + hint);
  CHECK(message_of(parse_tensor_source("")) == "tensor is ''" + hint);
  CHECK(message_of(parse_tensor_source("#w")) == "tensor is '#w'" + hint);
}

TEST_CASE("a generated source is the generator's values", "[core][tensor]") {
  const auto live = load_source(Distribution::laplace);
  REQUIRE(live);
  std::vector<float> expected(1000);
  GeneratorSpec spec;
  spec.distribution = Distribution::laplace;
  REQUIRE(generate(spec, 0, expected, 1));
  CHECK(live->values == expected);
  CHECK(live->whole_size == 1000);
  CHECK_FALSE(live->sampled);
  CHECK(live->description.en == "Laplace(0), σ = 1, seed 1, 1000 values");
  CHECK(load_source(Distribution::normal)->description.en == "N(0, 1), seed 1, 1000 values");
  CHECK(load_source(Distribution::normal)->description.zh == "N(0, 1)，种子 1，1000 个值");
}

TEST_CASE("a file's tensor within the limit is loaded whole", "[core][tensor]") {
  const TemporaryFolder folder;
  write_f32(folder / "a.safetensors", {{1, 2, 3}});
  const auto live = load_source(FileTensor{(folder / "a.safetensors").string(), ""}, 3);
  REQUIRE(live);
  CHECK(live->values == std::vector<float>{1, 2, 3});
  CHECK_FALSE(live->sampled);
  CHECK(live->description.en == "t0 F32 [3], 3 values");
}

TEST_CASE("a file's tensor past the limit is sampled in runs spread over it", "[core][tensor]") {
  const TemporaryFolder folder;
  std::vector<float> values(100000);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i);
  write_f32(folder / "a.safetensors", {values});
  const auto live = load_source(FileTensor{(folder / "a.safetensors").string(), "t0"}, 3 * 4096 + 5);
  REQUIRE(live);
  CHECK(live->sampled);
  CHECK(live->whole_size == 100000);
  REQUIRE(live->values.size() == 3 * 4096);
  for (const std::size_t run : {0, 1, 2}) {
    CHECK(live->values[run * 4096] == static_cast<float>(8 * run * 4096));  // 24 whole runs in the tensor
    CHECK(live->values[run * 4096 + 4095] == static_cast<float>(8 * run * 4096 + 4095));
  }
  CHECK(live->description.en == "t0 F32 [100000], a sample of 12288 of 100000 values");
  const auto few = load_source(FileTensor{(folder / "a.safetensors").string(), "t0"}, 10);
  REQUIRE(few);
  CHECK(few->values.size() == 10);
}

TEST_CASE("unsuitable tensors of a file are refused by file, name and place", "[core][tensor]") {
  const TemporaryFolder folder;
  const std::string path = (folder / "a.safetensors").string();
  write_f32(path, {{1, std::numeric_limits<float>::quiet_NaN(), 3}, {}});
  CHECK(message_of(load_source(FileTensor{path, "t0"})) ==
        "element 1 is NaN (" + path + "#t0): use a tensor of finite numbers");
  CHECK(message_of(load_source(FileTensor{path, "t1"})) == "the tensor is empty (" + path + "#t1): use another tensor");
  CHECK(message_of(load_source(FileTensor{path, ""})) ==
        "the file has several tensors (" + path + "): add '#' and a name: t0, t1");
  CHECK(message_of(load_source(FileTensor{path, "t2"})) == "no tensor 't2' (" + path + "): use one of t0, t1");
  test::write_safetensors(path, {test::tensor_of("ids", Dtype::u8, {1}, std::vector<char>{'x'})});
  CHECK(message_of(load_source(FileTensor{path, "ids"})) ==
        "tensor 'ids' is U8 (" + path + "#ids): use a tensor of F32, F16, BF16 or F64");
  CHECK(message_of(load_source(FileTensor{path, ""})) ==
        "the file has no floating-point tensor (" + path + "): use another file");
}

TEST_CASE("typed values that are not finite are refused when they come from a program", "[core][tensor]") {
  CHECK(message_of(load_source(std::vector<float>{1, std::numeric_limits<float>::infinity()})) ==
        "number 2 is infinity: use finite numbers");
  CHECK(message_of(load_source(std::vector<float>{})) == "the tensor has no values: type at least one number");
}

}  // namespace
