#include "core/tensor/tensor_file.hpp"

#include <utility>

#include <fmt/format.h>

#include "core/tensor/npy.hpp"

namespace qlab {

std::string list_names(std::span<const TensorView> tensors) {
  constexpr std::size_t most = 8;
  std::string names;
  for (std::size_t i = 0; i < tensors.size() && i < most; ++i) names += (i > 0 ? ", " : "") + tensors[i].name;
  return tensors.size() > most ? fmt::format("{} and {} more", names, tensors.size() - most) : names;
}

Result<const TensorView*> TensorFile::find(std::string_view name) const {
  for (const TensorView& tensor : tensors) {
    if (tensor.name == name) return &tensor;
  }
  return Error{Errc::not_found, fmt::format("no tensor '{}'", name), path.string(),
               tensors.empty() ? "the file has none" : "use one of " + list_names(tensors)};
}

Result<TensorFile> open_tensor_file(const std::filesystem::path& path) {
  auto file = MappedFile::open(path);
  if (!file) return file.error();
  TensorFile opened{path, std::move(*file), {}, {}};
  if (is_npy(opened.file.bytes())) {
    auto tensor = parse_npy(opened.file.bytes(), path.stem().string(), path.string());
    if (!tensor) return tensor.error();
    opened.tensors.push_back(std::move(*tensor));
    return opened;
  }
  auto content = parse_safetensors(opened.file.bytes(), path.string());
  if (!content) return content.error();
  opened.tensors = std::move(content->tensors);
  opened.metadata = std::move(content->metadata);
  return opened;
}

}  // namespace qlab
