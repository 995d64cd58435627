#include "core/training/safetensors_file.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include "core/base/io_error.hpp"

namespace qlab::training {

Result<Done> write_safetensors(const std::filesystem::path& path, const std::vector<NamedBytes>& tensors,
                               const FileMetadata& metadata) {
  auto file = AtomicFile::create(path);
  if (!file) return file.error();
  std::vector<TensorEntry> entries;
  entries.reserve(tensors.size());
  for (const NamedBytes& one : tensors) entries.push_back(one.entry);
  auto writer = SafetensorsWriter::create(*std::move(file), entries, metadata);
  if (!writer) return writer.error();
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    if (auto written = tensors[i].write(*writer, i); !written) return written;
  }
  return writer->commit();
}

NamedBytes named_floats(std::string name, std::vector<std::int64_t> shape, std::span<const float> values) {
  return {{std::move(name), Dtype::f32, std::move(shape)},
          [values](SafetensorsWriter& file, std::size_t index) { return file.write(index, 0, std::as_bytes(values)); }};
}

std::string text_of_shape(std::span<const std::int64_t> shape) { return fmt::format("[{}]", fmt::join(shape, ", ")); }

Result<Done> write_folder(const std::filesystem::path& target,
                          const std::function<Result<Done>(const std::filesystem::path& folder)>& fill) {
  std::error_code failed;
  if (std::filesystem::is_directory(target, failed)) return fill(target);
  std::filesystem::path place = target;
  if (!place.has_filename()) place = place.parent_path();  // "DIR/"
  const std::filesystem::path fresh =
      place.parent_path() / fmt::format(".qloralab-{}-{}", getpid(), place.filename().string());
  std::filesystem::create_directories(fresh, failed);
  if (failed) return io_error(failed.value(), "make the folder", place);
  const auto give_up = [&](const Error& error) -> Result<Done> {
    std::error_code ignored;
    std::filesystem::remove_all(fresh, ignored);
    return error;
  };
  if (auto filled = fill(fresh); !filled) return give_up(filled.error());
  std::filesystem::rename(fresh, place, failed);
  if (failed) return give_up(io_error(failed.value(), "make the folder", place));
  return Done{};
}

}  // namespace qlab::training
