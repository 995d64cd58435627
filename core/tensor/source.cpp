#include "core/tensor/source.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "core/experiment/backend.hpp"
#include "core/tensor/finite.hpp"
#include "core/tensor/tensor_file.hpp"
#include "core/training/base_model.hpp"

namespace qlab {
namespace {

constexpr std::string_view trained = "trained";
constexpr const char* trained_tensor = "model.layers.0.mlp.down_proj.weight";
constexpr std::int64_t run_length = 4096;  // of a sampled file; whole blocks of every block size that divides it

struct NamedDistribution {
  std::string_view name;
  Distribution distribution;
};
constexpr NamedDistribution distributions[] = {{"normal", Distribution::normal},
                                               {"laplace", Distribution::laplace},
                                               {"student_t", Distribution::student_t},
                                               {"uniform", Distribution::uniform},
                                               {"outliers", Distribution::outliers}};

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

bool is_tensor_file_name(std::string_view name) { return name.ends_with(".safetensors") || name.ends_with(".npy"); }

/// "a#b/model.safetensors#layer.weight": a '#' after one of the two endings parts path and tensor, else the last one.
std::optional<FileTensor> file_of(std::string_view typed) {
  for (std::size_t at = typed.find('#'); at != std::string_view::npos; at = typed.find('#', at + 1)) {
    if (is_tensor_file_name(typed.substr(0, at))) {
      return FileTensor{std::string(typed.substr(0, at)), std::string(typed.substr(at + 1))};
    }
  }
  if (is_tensor_file_name(typed)) return FileTensor{std::string(typed), ""};
  const std::size_t last = typed.rfind('#');
  if (last == std::string_view::npos || last == 0) return std::nullopt;
  return FileTensor{std::string(typed.substr(0, last)), std::string(typed.substr(last + 1))};
}

Result<std::vector<float>> numbers_of(std::string_view text) {
  if (text.starts_with('[') && text.ends_with(']')) text = text.substr(1, text.size() - 2);
  std::vector<float> numbers;
  for (std::size_t at = 0; at < text.size();) {
    if (is_blank(text[at]) || text[at] == ',') {
      ++at;
      continue;
    }
    const std::size_t end = std::min(text.find_first_of(", \t\n\r", at), text.size());
    const std::string_view word = text.substr(at, end - at);
    const bool has_plus = word.starts_with('+') && !word.starts_with("+-");  // from_chars knows no plus
    const std::string_view unsigned_word = word.substr(has_plus ? 1 : 0);
    float number = 0;
    const char* const word_end = unsigned_word.data() + unsigned_word.size();
    const auto [stop, error] = std::from_chars(unsigned_word.data(), word_end, number);
    if (error != std::errc{} || stop != word_end || !std::isfinite(number)) {
      return Error{Errc::bad_argument, fmt::format("number {} is '{}'", numbers.size() + 1, word), "",
                   "use fp32 numbers such as 0.5234 or -1.2e-3, with commas or blanks between them"};
    }
    numbers.push_back(number);
    at = end;
  }
  return numbers;
}

/// "N(0, 1)" and its relatives; the same in both languages.
std::string formula_of(const GeneratorSpec& spec) {
  const std::string normal = spec.sigma == 1 ? "N(0, 1)" : fmt::format("N(0, {}²)", spec.sigma);
  switch (spec.distribution) {
    case Distribution::normal: return normal;
    case Distribution::laplace: return fmt::format("Laplace(0), σ = {}", spec.sigma);
    case Distribution::student_t: return fmt::format("t({}), σ = {}", spec.nu, spec.sigma);
    case Distribution::uniform: return fmt::format("U(−√3 σ, √3 σ), σ = {}", spec.sigma);
    case Distribution::outliers:
      return fmt::format("{}, {} % × {}", normal, spec.outlier_rate * 100, spec.outlier_size);
  }
  return "";
}

Result<LiveTensor> load_generated(Backend& backend, const GeneratorSpec& spec, std::int64_t count) {
  if (count < 1) return Error{Errc::bad_argument, fmt::format("the tensor has {} values", count), "", "use at least 1"};
  LiveTensor live;
  live.values.resize(static_cast<std::size_t>(count));
  if (auto made = backend.generate(spec, 0, live.values); !made) return made.error();
  live.whole_size = count;
  live.description = {fmt::format("{}, seed {}, {} values", formula_of(spec), spec.seed, count),
                      fmt::format("{}，种子 {}，{} 个值", formula_of(spec), spec.seed, count)};
  return live;
}

Result<LiveTensor> load_typed(std::vector<float> values) {
  if (values.empty()) return Error{Errc::bad_argument, "the tensor has no values", "", "type at least one number"};
  if (const auto bad = find_nonfinite(values)) {
    return Error{Errc::bad_argument, fmt::format("number {} is {}", *bad + 1, name_of_nonfinite(values[*bad])), "",
                 "use finite numbers"};
  }
  LiveTensor live;
  live.whole_size = static_cast<std::int64_t>(values.size());
  live.description = {fmt::format("{} typed values", values.size()), fmt::format("手动输入的 {} 个值", values.size())};
  live.values = std::move(values);
  return live;
}

Result<const TensorView*> choose(const TensorFile& file, const std::string& name) {
  if (!name.empty()) return file.find(name);
  std::vector<TensorView> usable;
  for (const TensorView& tensor : file.tensors) {
    if (is_floating_input(tensor.dtype) || tensor.dtype == Dtype::f64) usable.push_back(tensor);
  }
  if (usable.size() == 1) return file.find(usable.front().name);
  if (usable.empty()) {
    return Error{Errc::not_found, "the file has no floating-point tensor", file.path.string(), "use another file"};
  }
  return Error{Errc::bad_argument, "the file has several tensors", file.path.string(),
               fmt::format("add '#' and a name: {}", list_names(usable))};
}

Result<LiveTensor> load_file(const FileTensor& source, std::int64_t live_limit) {
  const auto file = open_tensor_file(source.path);
  if (!file) return file.error();
  const auto chosen = choose(*file, source.tensor);
  if (!chosen) return chosen.error();
  const TensorView& tensor = **chosen;
  const std::string where = source.path + "#" + tensor.name;
  const std::int64_t whole = tensor.size();
  if (whole == 0) return Error{Errc::bad_argument, "the tensor is empty", where, "use another tensor"};

  // Runs of whole blocks, the first at the start and the others at even distances.
  LiveTensor live;
  live.whole_size = whole;
  live.sampled = whole > live_limit;
  const std::int64_t run = live.sampled ? std::min(run_length, live_limit) : whole;
  const std::int64_t runs = live.sampled ? live_limit / run : 1;
  live.values.resize(static_cast<std::size_t>(run * runs));
  for (std::int64_t i = 0; i < runs; ++i) {
    const std::int64_t first = whole / run * i / runs * run;
    const auto part = std::span(live.values).subspan(static_cast<std::size_t>(i * run), static_cast<std::size_t>(run));
    if (auto read = read_f32(tensor, first, part); !read) {
      Error error = read.error();
      error.where = where;
      return error;
    }
    if (const auto bad = find_nonfinite(part)) {
      return Error{
          Errc::bad_argument,
          fmt::format("element {} is {}", first + static_cast<std::int64_t>(*bad), name_of_nonfinite(part[*bad])),
          where, "use a tensor of finite numbers"};
    }
  }
  const std::string shape = fmt::format("[{}]", fmt::join(tensor.shape, ", "));
  const std::string name = fmt::format("{} {} {}", tensor.name, name_of(tensor.dtype), shape);
  if (live.sampled) {
    live.description = {fmt::format("{}, a sample of {} of {} values", name, live.values.size(), whole),
                        fmt::format("{}，{} 个值中抽样 {} 个", name, whole, live.values.size())};
  } else {
    live.description = {fmt::format("{}, {} values", name, whole), fmt::format("{}，{} 个值", name, whole)};
  }
  return live;
}

Result<LiveTensor> load_trained(const std::string& tensor, std::int64_t live_limit) {
  const auto folder = training::cached_base_model();
  if (!folder) return folder.error();
  return load_file({(*folder / "model.safetensors").string(), tensor}, live_limit);
}

}  // namespace

Result<TensorSource> parse_tensor_source(std::string_view typed) {
  const std::string_view text = trimmed(typed);
  for (const NamedDistribution& known : distributions) {
    if (text == known.name) return TensorSource(known.distribution);
  }
  if (text == trained) return TensorSource(FileTensor{std::string(trained), trained_tensor});
  if (auto file = file_of(text)) return TensorSource(std::move(*file));
  if (!text.empty() && text.find_first_of("[+-.0123456789") == 0) {
    auto numbers = numbers_of(text);
    if (!numbers) return numbers.error();
    if (numbers->empty()) return Error{Errc::bad_argument, "the tensor has no values", "", "type at least one number"};
    return TensorSource(std::move(*numbers));
  }
  return Error{Errc::bad_argument, fmt::format("tensor is '{}'", text), "",
               "use normal, laplace, student_t, uniform or outliers; trained; numbers such as 0.5, -1.2; or "
               "FILE#NAME of a safetensors file, or an npy file"};
}

Result<LiveTensor> load(const TensorSource& source, Backend& backend, const GeneratorSpec& generator,
                        std::int64_t count, std::int64_t live_limit) {
  if (const auto* distribution = std::get_if<Distribution>(&source)) {
    GeneratorSpec spec = generator;
    spec.distribution = *distribution;
    return load_generated(backend, spec, count);
  }
  if (const auto* numbers = std::get_if<std::vector<float>>(&source)) return load_typed(*numbers);
  const auto& file = std::get<FileTensor>(source);
  return file.path == trained ? load_trained(file.tensor, live_limit) : load_file(file, live_limit);
}

}  // namespace qlab
