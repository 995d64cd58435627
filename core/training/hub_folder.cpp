#include "core/training/hub_folder.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "core/base/atomic_file.hpp"
#include "core/tensor/finite.hpp"
#include "core/tensor/tensor_file.hpp"
#include "core/training/safetensors_file.hpp"

namespace qlab::training {
namespace {

constexpr const char* weights_file = "model.safetensors";
constexpr const char* config_file = "config.json";

Result<Done> read_tensor(const TensorFile& file, Parameter& parameter) {
  const auto tensor = file.find(parameter.name);
  if (!tensor) {
    return Error{Errc::bad_file, fmt::format("the tensor {} is missing", parameter.name), file.path.string(),
                 "config.json promises it"};
  }
  const TensorView& view = **tensor;
  if (view.shape != parameter.shape) {
    return Error{Errc::bad_file,
                 fmt::format("{} is {}, but config.json makes it {}", view.name, text_of_shape(view.shape),
                             text_of_shape(parameter.shape)),
                 file.path.string(), "use the config.json of this model"};
  }
  if (auto read = read_f32(view, 0, parameter.value.values()); !read) return read.error();
  if (const auto place = find_nonfinite(parameter.value.values())) {
    return Error{Errc::bad_file, fmt::format("value {} of {} is not finite", *place, view.name), file.path.string(),
                 "use a model whose weights are numbers"};
  }
  return Done{};
}

}  // namespace

Result<Decoder> load_decoder(Engine& engine, const std::filesystem::path& folder) {
  const auto config = load_model_config(folder / config_file);
  if (!config) return config.error();
  const auto file = open_tensor_file(folder / weights_file);
  if (!file) return file.error();
  Decoder decoder = make_decoder(engine, *config);
  std::set<std::string> known;
  for (Parameter* parameter : decoder.tensors()) {
    if (auto read = read_tensor(*file, *parameter); !read) return read.error();
    known.insert(parameter->name);
  }
  for (const TensorView& view : file->tensors) {
    if (!known.contains(view.name)) {
      return Error{Errc::bad_file, fmt::format("the tensor {} belongs to no part of a Llama model", view.name),
                   file->path.string(), "use a plain Llama-style model"};
    }
  }
  return decoder;
}

Result<Done> save_decoder(Engine& engine, Decoder& decoder, const std::filesystem::path& folder) {
  std::map<std::string, const Linear*> changed;  // weights that are not as they lie
  for (const Linear* linear : decoder.linears()) {
    if (linear->quantized || linear->adapter) changed[linear->name()] = linear;
  }
  std::vector<NamedBytes> tensors;
  for (const Parameter* one : decoder.tensors()) {
    tensors.push_back(named_floats(one->name, one->shape, one->value.values()));
    if (const auto found = changed.find(one->name); found != changed.end()) {
      tensors.back().write = [&engine, linear = found->second](SafetensorsWriter& file, std::size_t index) {
        const Buffer merged = merged_weight(engine, *linear);
        return file.write(index, 0, std::as_bytes(merged.values()));
      };
    }
  }
  return write_folder(folder, [&](const std::filesystem::path& place) -> Result<Done> {
    if (auto written = write_safetensors(place / weights_file, tensors, {{"format", "pt"}}); !written) return written;
    return write_file(place / config_file, config_json(decoder.config));
  });
}

}  // namespace qlab::training
