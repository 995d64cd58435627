#include "core/checkpoint/stored_tensor.hpp"

#include <fmt/format.h>

#include <limits>
#include <string>
#include <vector>

#include "core/checkpoint/quant_state.hpp"
#include "core/tensor/tensor_file.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/temporary_folder.hpp"
#include "tests/support/tensor_files.hpp"

namespace {

using namespace qlab;
using test::TemporaryFolder;

TEST_CASE("doubles are written as Python's repr writes them", "[core][checkpoint][golden]") {
  // From Python 3.11: repr(x) and json.dumps(x).
  CHECK(python_repr(0.2093755602836609) == "0.2093755602836609");
  CHECK(python_repr(0) == "0.0");
  CHECK(python_repr(-1) == "-1.0");
  CHECK(python_repr(100) == "100.0");
  CHECK(python_repr(0.0001) == "0.0001");
  CHECK(python_repr(0.00001) == "1e-05");
  CHECK(python_repr(1.5e-7) == "1.5e-07");
  CHECK(python_repr(123456789012345680.0) == "1.2345678901234568e+17");
  CHECK(python_repr(1e16) == "1e+16");
  CHECK(python_repr(1e15) == "1000000000000000.0");
  CHECK(python_repr(5e-324) == "5e-324");
  CHECK(python_repr(1.7976931348623157e308) == "1.7976931348623157e+308");
  CHECK(python_repr(std::numeric_limits<double>::quiet_NaN()) == "NaN");
  CHECK(python_repr(-std::numeric_limits<double>::infinity()) == "-Infinity");
}

TEST_CASE("a state survives being written and read", "[core][checkpoint]") {
  StoredTensor tensor;
  tensor.shape = {64, 176};
  tensor.dtype = Dtype::bf16;
  tensor.settings.format = *find_format("int4_affine");
  tensor.settings.constants = ConstantType::dynamic8;
  tensor.scale_mean = 0.1F;
  tensor.minimum_mean = -0.3F;
  CHECK(quant_state_text(tensor) ==
        R"({"quant_type": "int4_affine", "blocksize": 64, "dtype": "bfloat16", "shape": [64, 176], )"
        R"("nested_blocksize": 256, "nested_dtype": "float32", "nested_offset": 0.10000000149011612, )"
        R"("minimum_nested_offset": -0.30000001192092896})");
  const auto back = parse_quant_state(quant_state_text(tensor), "int4_affine");
  REQUIRE(back);
  CHECK(back->shape == tensor.shape);
  CHECK(back->dtype == Dtype::bf16);
  CHECK(back->settings.block_size == 64);
  CHECK(back->scale_mean == 0.1F);
  CHECK(back->minimum_mean == -0.3F);
}

TEST_CASE("states that lie are refused by tensor and key", "[core][checkpoint]") {
  const TemporaryFolder folder;
  const std::string path = (folder / "a.safetensors").string();
  const auto problem = [&](const std::string& state, const std::vector<test::TensorBytes>& parts) {
    std::vector<test::TensorBytes> tensors = parts;
    tensors.push_back(test::tensor_of("w.quant_state.bitsandbytes__nf4", Dtype::u8, {std::ssize(state)},
                                      std::vector<char>(state.begin(), state.end())));
    test::write_safetensors(path, tensors);
    const auto file = open_tensor_file(path);
    REQUIRE(file);
    const auto found = find_stored_tensors(file->tensors, path);
    if (found) return std::string("accepted");
    CHECK(found.error().where == path);
    const std::string prefix = "quantized tensor 'w' ";
    CHECK(found.error().what.starts_with(prefix));
    return found.error().what.substr(prefix.size());
  };
  const auto state = [](const std::string& type, int block, const std::string& dtype, const std::string& shape) {
    return fmt::format(R"({{"quant_type": "{}", "blocksize": {}, "dtype": "{}", "shape": {}}})", type, block, dtype,
                       shape);
  };
  const std::string good = state("nf4", 64, "float16", "[2, 64]");
  const auto codes = test::tensor_of("w", Dtype::u8, {64, 1}, std::vector<char>(64));
  const auto absmax = test::tensor_of("w.absmax", Dtype::f32, {2}, std::vector<float>(2));
  const auto map = test::tensor_of("w.quant_map", Dtype::f32, {16}, find_format("nf4")->codebook);
  CHECK(problem(good, {codes, absmax, map}) == "accepted");
  CHECK(problem("{", {codes, absmax, map}) == "has a state that is no JSON object");
  CHECK(problem("[1]", {codes, absmax, map}) == "has a state that is no JSON object");
  CHECK(problem("{}", {codes, absmax, map}) == "has a state of another quant_type than its name");
  CHECK(problem(state("fp4", 64, "float16", "[2, 64]"), {codes, absmax, map}) ==
        "has a state of another quant_type than its name");
  CHECK(problem(state("nf4", 8, "float16", "[2, 64]"), {codes, absmax, map}) == "has the blocksize 8 in its state");
  CHECK(problem(state("nf4", -1, "float16", "[2, 64]"), {codes, absmax, map}) == "has no blocksize in its state");
  CHECK(problem(state("nf4", 64, "int8", "[2, 64]"), {codes, absmax, map}) ==
        "has no dtype float16, bfloat16 or float32 in its state");
  for (const char* shape : {"[-1]", "[1.5]", "[\"2\"]", "[4294967296, 4294967296]"}) {
    CHECK(problem(state("nf4", 64, "float16", shape), {codes, absmax, map}) == "has a shape in its state that is none");
  }
  for (const char* shape : {"[0]", "[9223372036854775807]"}) {
    CHECK(problem(state("nf4", 64, "float16", shape), {codes, absmax, map}) ==
          "has a shape in its state that no memory holds");
  }
  CHECK(problem(state("nf4", 64, "float16", "[2, 65]"), {codes, absmax, map}) ==
        "has 64 bytes of U8 in 'w', its state needs 65 of U8");
  CHECK(problem(good, {absmax, map}) == "has no 'w'");
  CHECK(problem(good, {codes, map}) == "has no 'w.absmax'");
  CHECK(problem(good, {codes, absmax}) == "has no 'w.quant_map'");
  const auto wrong_type = test::tensor_of("w.absmax", Dtype::i32, {2}, std::vector<float>(2));
  CHECK(problem(good, {codes, wrong_type, map}) == "has 8 bytes of I32 in 'w.absmax', its state needs 8 of F32");
  const auto bad_map = test::tensor_of("w.quant_map", Dtype::f32, {16}, std::vector<float>(16, 2.0F));
  CHECK(problem(good, {codes, absmax, bad_map}) == "has a quant_map of no meaning");
  const std::string nested = good.substr(0, good.size() - 1) +
                             R"(, "nested_blocksize": 256, "nested_dtype": "float32", "nested_offset": 0.5})";
  const auto nested_codes = test::tensor_of("w.absmax", Dtype::u8, {2}, std::vector<char>(2));
  const auto nested_absmax = test::tensor_of("w.nested_absmax", Dtype::f32, {1}, std::vector<float>(1));
  const auto nested_map = test::tensor_of("w.nested_quant_map", Dtype::f32, {256}, std::vector<float>(256));
  CHECK(problem(nested, {codes, nested_codes, nested_absmax, map}) == "has no 'w.nested_quant_map'");
  CHECK(problem(nested, {codes, nested_codes, nested_absmax, nested_map, map}) == "has an unknown nested_quant_map");
}

}  // namespace
