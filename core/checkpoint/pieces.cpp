#include "core/checkpoint/pieces.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <system_error>

#include "core/base/mapped_file.hpp"

namespace qlab {

Result<Done> WorkMeter::advance(std::int64_t amount) {
  done_ += amount;
  if (work_.progress) work_.progress(static_cast<double>(done_) / static_cast<double>(total_));
  if (work_.stop.stop_requested()) return Error{Errc::cancelled, "stopped", "", "nothing was written"};
  return Done{};
}

std::int64_t piece_values(std::int64_t unit) { return unit * std::max<std::int64_t>(1, (1 << 20) / unit); }

Result<Done> for_each_piece_of(const TensorView& tensor, std::int64_t unit,
                               const std::function<Result<Done>(std::int64_t first, std::span<const float>)>& take) {
  const std::int64_t size = tensor.size();
  const std::int64_t piece = piece_values(unit);
  const auto bytes_at = [&](std::int64_t value) { return static_cast<std::size_t>(value * bytes_of(tensor.dtype)); };
  std::vector<float> memory(static_cast<std::size_t>(std::min(size, piece)));
  for (std::int64_t first = 0; first < size; first += piece) {
    const auto values = std::span(memory).first(static_cast<std::size_t>(std::min(piece, size - first)));
    if (auto read = read_f32(tensor, first, values); !read) return read;
    if (auto taken = take(first, values); !taken) return taken;
    release_pages(tensor.bytes.subspan(bytes_at(first), bytes_at(std::ssize(values))));
  }
  return Done{};
}

Result<Done> copy_tensor(const TensorView& tensor, SafetensorsWriter& file, std::size_t entry, WorkMeter& meter) {
  constexpr std::size_t piece = std::size_t{1} << 22;
  for (std::size_t first = 0; first < tensor.bytes.size(); first += piece) {
    const auto bytes = tensor.bytes.subspan(first, std::min(piece, tensor.bytes.size() - first));
    if (auto written = file.write(entry, static_cast<std::int64_t>(first), bytes); !written) return written;
    release_pages(bytes);
    if (auto going_on = meter.advance(std::ssize(bytes)); !going_on) return going_on;
  }
  return Done{};
}

Result<Done> check_not_same_file(const std::filesystem::path& input, const std::filesystem::path& output) {
  std::error_code missing;
  if (!std::filesystem::equivalent(input, output, missing)) return Done{};
  return Error{Errc::bad_argument, "the output is the input", output.string(), "choose another name"};
}

Result<Done> check_names_differ(const std::vector<TensorEntry>& entries, const std::filesystem::path& input) {
  std::set<std::string_view> names;
  for (const TensorEntry& entry : entries) {
    if (names.insert(entry.name).second) continue;
    return Error{Errc::bad_argument, fmt::format("the file would have two tensors '{}'", entry.name), input.string(),
                 "choose one tensor with --tensor"};
  }
  return Done{};
}

}  // namespace qlab
