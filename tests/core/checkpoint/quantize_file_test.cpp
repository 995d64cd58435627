#include "core/checkpoint/quantize_file.hpp"

#include <fmt/format.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "core/checkpoint/dequantize_file.hpp"
#include "core/checkpoint/stored_tensor.hpp"
#include "core/tensor/npy.hpp"
#include "core/tensor/tensor_file.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/temporary_folder.hpp"
#include "tests/support/tensor_files.hpp"

namespace {

using namespace qlab;
using test::content_of;
using test::TemporaryFolder;

const std::filesystem::path fp16_model = std::filesystem::path(QLAB_TEST_DATA) / "quant/model/fp16.safetensors";
const std::filesystem::path nf4_model = std::filesystem::path(QLAB_TEST_DATA) / "quant/model/nf4-dq.safetensors";

Result<QuantizeFileReport> quantize_with(const QuantizeFileOptions& options, int threads = 1) {
  const auto backend = make_cpu_backend(threads);
  return quantize_file(options, {*backend, threads, {}, {}});
}

Result<DequantizeFileReport> dequantize_with(const DequantizeFileOptions& options) {
  const auto backend = make_cpu_backend(1);
  return dequantize_file(options, {*backend, 1, {}, {}});
}

template <class T>
std::string message_of(const Result<T>& result) {
  return result ? "accepted" : result.error().message();
}

std::vector<float> normal(std::size_t count) {
  std::vector<float> values(count);
  REQUIRE(generate({}, 0, values, 1));
  return values;
}

std::vector<float> values_of(const TensorView& tensor) {
  std::vector<float> values(static_cast<std::size_t>(tensor.size()));
  REQUIRE(read_f32(tensor, 0, values));
  return values;
}

TEST_CASE("a model is quantized into the very file that transformers and bitsandbytes save",
          "[core][checkpoint][golden]") {
  const TemporaryFolder folder;
  QuantizeFileOptions options;
  options.input = fp16_model;
  options.output = folder / "nf4.safetensors";
  options.types = {"nf4"};
  options.double_quantization = true;
  options.as_bitsandbytes = true;
  const auto report = quantize_with(options);
  REQUIRE(report);
  CHECK(report->tensors.size() == 14);
  CHECK(report->passed.size() == 7);
  CHECK(content_of(options.output) == content_of(nf4_model));
  CHECK(report->passed[0].name == "lm_head.weight");
  CHECK(report->passed[0].reason == PassReason::embedding_or_head);
  CHECK(report->passed[2].name == "model.layers.0.input_layernorm.weight");
  CHECK(report->passed[2].reason == PassReason::not_a_matrix);
}

TEST_CASE("without the library's table the nearest constants make a file that differs in a few codes only",
          "[core][checkpoint]") {
  const TemporaryFolder folder;
  QuantizeFileOptions options;
  options.input = fp16_model;
  options.output = folder / "nf4.safetensors";
  options.types = {"nf4"};
  options.double_quantization = true;
  REQUIRE(quantize_with(options));
  const std::string ours = content_of(options.output), theirs = content_of(nf4_model);
  REQUIRE(ours.size() == theirs.size());
  int different = 0;
  for (std::size_t i = 0; i < ours.size(); ++i) different += ours[i] != theirs[i];
  CAPTURE(different);
  CHECK(different < 20);
}

TEST_CASE("the figures of a file are those of its tensors, for any number of threads", "[core][checkpoint][property]") {
  QuantizeFileOptions options;
  options.input = fp16_model;
  options.types = {"nf4", "int4_affine", "int8"};
  options.block_size = 32;
  const auto report = quantize_with(options), again = quantize_with(options, 3);
  REQUIRE(report);
  REQUIRE(again);
  const auto file = open_tensor_file(fp16_model);
  REQUIRE(file);
  REQUIRE(report->tensors.size() == 3 * file->tensors.size());  // norms too: nothing is written
  for (std::size_t i = 0; i < report->tensors.size(); ++i) {
    const MeasuredTensor& row = report->tensors[i];
    const TensorView& tensor = file->tensors[i / 3];
    QuantizeSettings settings;
    settings.format = *find_format(options.types[i % 3]);
    settings.block_size = 32;
    const std::vector<float> values = values_of(tensor);
    const auto quantized = quantize(values, settings, 1);
    REQUIRE(quantized);
    std::vector<float> decoded(values.size());
    REQUIRE(dequantize(*quantized, decoded, 1));
    const auto figures = error_figures(values, decoded, 1);
    REQUIRE(figures);
    CAPTURE(row.name, row.type);
    CHECK(row.name == tensor.name);
    CHECK(row.type == options.types[i % 3]);
    CHECK(row.errors.mse == figures->mse);
    CHECK(row.errors.sqnr_db == figures->sqnr_db);
    CHECK(row.bits_per_parameter == quantized->bits_per_parameter());
    CHECK(again->tensors[i].errors.mse == row.errors.mse);
    CHECK(again->tensors[i].errors.mae == row.errors.mae);
  }
}

TEST_CASE("every format comes back from its file as it was decoded", "[core][checkpoint][property]") {
  const TemporaryFolder folder;
  const std::vector<float> values = normal(3 * 1000);
  test::write_safetensors(folder / "in.safetensors", {test::tensor_of("w", Dtype::f32, {3, 1000}, values)},
                          {{"made", "by a test"}});
  for (const std::string type : {"nf4", "fp4", "mirrored15", "dynamic8", "int4", "int3", "q4_0", "int4_affine",
                                 "int5_affine", "int4_affine_zp", "int7_affine_zp", "int8"}) {
    for (const bool double_quantization : {false, true}) {
      CAPTURE(type, double_quantization);
      QuantizeFileOptions options;
      options.input = folder / "in.safetensors";
      options.tensor = "w";
      options.output = folder / "quantized.safetensors";
      options.types = {type};
      options.block_size = 48;
      options.double_quantization = double_quantization;
      const auto report = quantize_with(options);
      REQUIRE(report);
      DequantizeFileOptions back;
      back.input = options.output;
      back.output = folder / "back.safetensors";
      const auto dequantized = dequantize_with(back);
      REQUIRE(dequantized);
      CHECK(dequantized->tensors[0].type == type);

      QuantizeSettings settings;
      settings.format = *find_format(type);
      settings.block_size = 48;
      settings.constants = double_quantization ? ConstantType::dynamic8 : ConstantType::fp32;
      const auto quantized = quantize(values, settings, 1);
      REQUIRE(quantized);
      std::vector<float> expected(values.size());
      REQUIRE(dequantize(*quantized, expected, 1));
      const auto file = open_tensor_file(back.output);
      REQUIRE(file);
      REQUIRE(file->tensors.size() == 1);
      CHECK(file->tensors[0].shape == std::vector<std::int64_t>{3, 1000});
      CHECK(file->metadata == FileMetadata{{"made", "by a test"}});
      CHECK(values_of(file->tensors[0]) == expected);
    }
  }
}

TEST_CASE("a file that the library wrote is dequantized to its model's types", "[core][checkpoint][golden]") {
  const TemporaryFolder folder;
  DequantizeFileOptions options;
  options.input = nf4_model;
  options.output = folder / "back.safetensors";
  const auto report = dequantize_with(options);
  REQUIRE(report);
  CHECK(report->tensors.size() == 14);
  CHECK(report->passed.size() == 7);
  const auto back = open_tensor_file(options.output), original = open_tensor_file(fp16_model);
  REQUIRE(back);
  REQUIRE(original);
  REQUIRE(back->tensors.size() == original->tensors.size());
  for (std::size_t i = 0; i < original->tensors.size(); ++i) {
    const TensorView &was = original->tensors[i], &is = back->tensors[i];
    CAPTURE(was.name);
    CHECK(is.name == was.name);
    CHECK(is.shape == was.shape);
    CHECK(is.dtype == Dtype::f16);
    const auto figures = error_figures(values_of(was), values_of(is), 1);
    REQUIRE(figures);
    const bool quantized = was.name.find("proj") != std::string::npos;
    if (quantized) CHECK(figures->sqnr_db == Approx(20.7).margin(1));
    if (!quantized) CHECK(figures->mse == 0);
  }
}

TEST_CASE("npy files are quantized under the file's name and written back", "[core][checkpoint]") {
  const TemporaryFolder folder;
  const std::vector<float> values = normal(1000);
  const std::string bytes(reinterpret_cast<const char*>(values.data()), 4000);
  test::put(folder / "weights.npy", npy_header(Dtype::f32, std::vector<std::int64_t>{1000}) + bytes);
  QuantizeFileOptions options;
  options.input = folder / "weights.npy";
  options.tensor = "weights";
  options.types = {"nf4"};
  options.output = folder / "weights.safetensors";
  REQUIRE(quantize_with(options));
  DequantizeFileOptions back;
  back.input = options.output;
  back.output = folder / "back.npy";
  back.dtype = Dtype::f16;
  REQUIRE(dequantize_with(back));
  const auto file = open_tensor_file(back.output);
  REQUIRE(file);
  CHECK(file->tensors[0].dtype == Dtype::f16);
  CHECK(file->tensors[0].shape == std::vector<std::int64_t>{1000});
  back.dtype = Dtype::bf16;
  CHECK(message_of(dequantize_with(back)) == "an npy file holds one tensor of float16 or float32 (" +
                                                 back.output.string() +
                                                 "): name the output .safetensors, or use --dtype f16 or f32");
}

TEST_CASE("options that do not go together are refused", "[core][checkpoint]") {
  const TemporaryFolder folder;
  const auto message = [&](auto change) {
    QuantizeFileOptions options;
    options.input = fp16_model;
    options.types = {"nf4"};
    change(options);
    return message_of(quantize_with(options));
  };
  CHECK(message([](auto& options) { options.block_size = 8; }) == "block size is 8: use 16 to 4096");
  CHECK(message([](auto& options) { options.block_size = 4097; }) == "block size is 4097: use 16 to 4096");
  CHECK(message([&](auto& options) {
          options.types = {"nf4", "fp4"};
          options.output = folder / "out";
        }) == "2 types for one output file: name one type, or leave the output out");
  CHECK(message([](auto& options) {
          options.types = {"int4"};
          options.as_bitsandbytes = true;
        }) == "bitsandbytes has no type 'int4': use nf4 or fp4");
  CHECK(message([](auto& options) {
          options.block_size = 48;
          options.as_bitsandbytes = true;
        }) == "bitsandbytes has no block size 48: use one of 32, 64, 128, 256, 512, 1024, 2048, 4096");
  CHECK(message([](auto& options) { options.types = {"nf5"}; }).starts_with("there is no format 'nf5': "));
  CHECK(message([](auto& options) { options.tensor = "w"; }).starts_with("no tensor 'w' ("));
  CHECK(folder.entries() == 0);
}

TEST_CASE("the output may not be the input, under any name", "[core][checkpoint]") {
  const TemporaryFolder folder;
  const std::vector<float> values = normal(100);
  const auto input = folder / "in.safetensors";
  test::write_safetensors(input, {test::tensor_of("w", Dtype::f32, {100}, values)});
  std::filesystem::create_symlink("in.safetensors", folder / "link");
  std::filesystem::create_hard_link(input, folder / "hard");
  const std::string before = content_of(input);
  for (const std::string& name : std::vector<std::string>{
           "in.safetensors", "link", "hard", fmt::format("../{}/in.safetensors", folder.path().filename().string())}) {
    QuantizeFileOptions options;
    options.input = input;
    options.tensor = "w";
    options.types = {"nf4"};
    options.output = folder / name;
    CHECK(message_of(quantize_with(options)) ==
          "the output is the input (" + options.output.string() + "): choose another name");
  }
  CHECK(content_of(input) == before);
}

TEST_CASE("unsuitable tensors are errors by name and are passed on in a whole file", "[core][checkpoint]") {
  const TemporaryFolder folder;
  const auto input = folder / "in.safetensors";
  test::write_safetensors(input, {test::tensor_of("ids", Dtype::i64, {2}, std::vector<std::int64_t>{1, 2}),
                                  test::tensor_of("none", Dtype::f32, {0, 4}, std::vector<float>{}),
                                  test::tensor_of("norm", Dtype::f32, {64}, normal(64)),
                                  test::tensor_of("proj.weight", Dtype::f32, {2, 64}, normal(128))});
  QuantizeFileOptions options;
  options.input = input;
  options.types = {"nf4"};
  options.tensor = "ids";
  CHECK(message_of(quantize_with(options)) ==
        "tensor 'ids' is I64 (" + input.string() + "): use a tensor of F32, F16 or BF16");
  options.tensor = "none";
  CHECK(message_of(quantize_with(options)) ==
        "tensor 'none' is empty (" + input.string() + "): use a tensor with values");
  options.tensor = "";
  options.output = folder / "out.safetensors";
  const auto report = quantize_with(options);
  REQUIRE(report);
  REQUIRE(report->tensors.size() == 1);
  REQUIRE(report->passed.size() == 3);
  CHECK(report->passed[0].reason == PassReason::dtype);
  CHECK(report->passed[1].reason == PassReason::empty);
  CHECK(report->passed[2].reason == PassReason::not_a_matrix);
  const auto file = open_tensor_file(options.output);
  REQUIRE(file);
  CHECK(values_of(**file->find("norm")) == normal(64));
  CHECK((*file->find("none"))->size() == 0);
  options.tensor = "norm";  // by name it may be quantized, and is written alone
  REQUIRE(quantize_with(options));
  CHECK(open_tensor_file(options.output)->tensors.size() == 4);
}

TEST_CASE("NaN and infinity are refused with tensor and place, and nothing is written", "[core][checkpoint]") {
  const TemporaryFolder folder;
  std::vector<float> values = normal(5000);
  values[4321] = -std::numeric_limits<float>::infinity();
  const auto input = folder / "in.safetensors";
  test::write_safetensors(input, {test::tensor_of("good", Dtype::f32, {2, 64}, normal(128)),
                                  test::tensor_of("hurt", Dtype::f32, {50, 100}, values)});
  for (const bool double_quantization : {false, true}) {
    QuantizeFileOptions options;
    options.input = input;
    options.types = {"nf4"};
    options.output = folder / "out.safetensors";
    options.double_quantization = double_quantization;
    CHECK(message_of(quantize_with(options)) ==
          "value 4321 is -infinity (" + input.string() + "#hurt): mend the tensor, or keep it with --allow-nonfinite");
    CHECK(folder.entries() == 1);
    options.allow_nonfinite = true;
    const auto report = quantize_with(options);
    REQUIRE(report);
    CHECK_FALSE(std::isfinite(report->tensors[1].errors.mse));
    std::filesystem::remove(options.output);
  }
}

TEST_CASE("names that would meet in the output are refused", "[core][checkpoint]") {
  const TemporaryFolder folder;
  const auto input = folder / "in.safetensors";
  test::write_safetensors(input, {test::tensor_of("w", Dtype::f32, {2, 64}, normal(128)),
                                  test::tensor_of("w.absmax", Dtype::f32, {2}, normal(2))});
  QuantizeFileOptions options;
  options.input = input;
  options.types = {"nf4"};
  options.output = folder / "out.safetensors";
  CHECK(message_of(quantize_with(options)) ==
        "the file would have two tensors 'w.absmax' (" + input.string() + "): choose one tensor with --tensor");
  CHECK(folder.entries() == 1);
}

TEST_CASE("a stop between pieces ends the work and leaves the old output", "[core][checkpoint]") {
  const TemporaryFolder folder;
  test::put(folder / "out.safetensors", "old");
  const auto backend = make_cpu_backend(1);
  QuantizeFileOptions options;
  options.input = fp16_model;
  options.types = {"nf4"};
  options.output = folder / "out.safetensors";
  std::stop_source stop;
  double last = 0;
  const auto report = quantize_file(options, {*backend, 1, stop.get_token(), [&](double fraction) {
                                                CHECK(fraction > last);
                                                last = fraction;
                                                if (fraction > 0.5) stop.request_stop();
                                              }});
  REQUIRE_FALSE(report);
  CHECK(report.error().code == Errc::cancelled);
  CHECK(last < 1);
  CHECK(content_of(folder / "out.safetensors") == "old");
  CHECK(folder.entries() == 1);
}

TEST_CASE("values too large for the type asked for are refused with their place", "[core][checkpoint]") {
  const TemporaryFolder folder;
  std::vector<float> values = normal(256);
  values[200] = 1e6F;
  test::write_safetensors(folder / "in.safetensors", {test::tensor_of("w", Dtype::bf16, {256}, [&] {
                            std::vector<std::uint16_t> bits;
                            for (const float value : values) bits.push_back(bf16_from_f32(value));
                            return bits;
                          }())});
  QuantizeFileOptions options;
  options.input = folder / "in.safetensors";
  options.tensor = "w";
  options.types = {"nf4"};
  options.output = folder / "out.safetensors";
  REQUIRE(quantize_with(options));
  DequantizeFileOptions back;
  back.input = options.output;
  back.output = folder / "back.safetensors";
  back.dtype = Dtype::f16;
  CHECK(message_of(dequantize_with(back)) ==
        "value 200 is 999424, too large for float16 (" + back.input.string() + "#w): use --dtype f32");
  CHECK_FALSE(std::filesystem::exists(back.output));
  back.dtype = std::nullopt;
  REQUIRE(dequantize_with(back));
  CHECK(open_tensor_file(back.output)->tensors[0].dtype == Dtype::bf16);
}

}  // namespace
