#include "core/checkpoint/quant_state.hpp"

#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "core/tensor/dtype.hpp"

namespace qlab {
namespace {

using Json = nlohmann::json;

constexpr std::size_t longest_text = 65536;  // a real one has 200 bytes

Error bad(std::string what) { return {Errc::bad_file, std::move(what), "", ""}; }

Result<int> block_size_of(const Json& state, const char* key) {
  const auto found = state.find(key);
  if (found == state.end() || !found->is_number_unsigned()) return bad(fmt::format("has no {} in its state", key));
  const auto size = found->get<std::uint64_t>();
  if (size < min_block_size || size > max_block_size) return bad(fmt::format("has the {} {} in its state", key, size));
  return static_cast<int>(size);
}

Result<float> mean_of(const Json& state, const char* key) {
  const auto found = state.find(key);
  if (found == state.end() || !found->is_number()) return bad(fmt::format("has no {} in its state", key));
  return static_cast<float>(found->get<double>());
}

Result<std::vector<std::int64_t>> shape_of(const Json& state) {
  const auto found = state.find("shape");
  if (found == state.end() || !found->is_array()) return bad("has no shape in its state");
  std::vector<std::int64_t> shape;
  std::int64_t size = 1;
  for (const Json& extent : *found) {
    if (!extent.is_number_unsigned() || extent.get<std::uint64_t>() > static_cast<std::uint64_t>(INT64_MAX) ||
        __builtin_mul_overflow(size, extent.get<std::int64_t>(), &size)) {
      return bad("has a shape in its state that is none");
    }
    shape.push_back(extent.get<std::int64_t>());
  }
  if (size < 1 || size > INT64_MAX / 64) return bad("has a shape in its state that no memory holds");
  return shape;
}

}  // namespace

std::string python_repr(double number) {
  if (std::isnan(number)) return "NaN";
  if (std::isinf(number)) return number > 0 ? "Infinity" : "-Infinity";
  const std::string digits = fmt::format("{}", number);
  return digits.find_first_of(".e") == std::string::npos ? digits + ".0" : digits;
}

std::string quant_state_text(const StoredTensor& tensor) {
  const QuantizeSettings& settings = tensor.settings;
  std::string text =
      fmt::format(R"({{"quant_type": "{}", "blocksize": {}, "dtype": "{}", "shape": [{}])", settings.format.name,
                  settings.block_size, torch_name_of(tensor.dtype), fmt::join(tensor.shape, ", "));
  if (settings.constants == ConstantType::dynamic8) {
    text += fmt::format(R"(, "nested_blocksize": {}, "nested_dtype": "float32", "nested_offset": {})",
                        settings.nested_block_size, python_repr(static_cast<double>(tensor.scale_mean)));
    if (settings.format.scale_rule == ScaleRule::min_max) {
      text += fmt::format(R"(, "minimum_nested_offset": {})", python_repr(static_cast<double>(tensor.minimum_mean)));
    }
  }
  return text + "}";
}

Result<StoredTensor> parse_quant_state(std::string_view text, std::string_view type) {
  if (text.size() > longest_text) return bad("has a state of a size that no state has");
  const Json state = Json::parse(text, nullptr, false);
  if (!state.is_object()) return bad("has a state that is no JSON object");
  const auto quant_type = state.find("quant_type");
  if (quant_type == state.end() || *quant_type != type) return bad("has a state of another quant_type than its name");
  auto format = find_format(type);
  if (!format) return bad(fmt::format("has the unknown type {}", type));

  StoredTensor tensor;
  tensor.settings.format = std::move(*format);
  const auto block_size = block_size_of(state, "blocksize");
  if (!block_size) return block_size.error();
  tensor.settings.block_size = *block_size;
  const auto dtype_name = state.find("dtype");
  const auto dtype = dtype_name == state.end() || !dtype_name->is_string()
                         ? std::nullopt
                         : dtype_from_torch_name(dtype_name->get_ref<const std::string&>());
  if (!dtype || !is_floating_input(*dtype)) return bad("has no dtype float16, bfloat16 or float32 in its state");
  tensor.dtype = *dtype;
  auto shape = shape_of(state);
  if (!shape) return shape.error();
  tensor.shape = std::move(*shape);

  if (!state.contains("nested_blocksize")) return tensor;
  tensor.settings.constants = ConstantType::dynamic8;
  const auto nested_block_size = block_size_of(state, "nested_blocksize");
  if (!nested_block_size) return nested_block_size.error();
  tensor.settings.nested_block_size = *nested_block_size;
  if (const auto nested = state.find("nested_dtype"); nested == state.end() || *nested != "float32") {
    return bad("has another nested_dtype than float32 in its state");
  }
  const auto mean = mean_of(state, "nested_offset");
  if (!mean) return mean.error();
  tensor.scale_mean = *mean;
  if (tensor.settings.format.scale_rule == ScaleRule::min_max) {
    const auto minimum_mean = mean_of(state, "minimum_nested_offset");
    if (!minimum_mean) return minimum_mean.error();
    tensor.minimum_mean = *minimum_mean;
  }
  return tensor;
}

}  // namespace qlab
