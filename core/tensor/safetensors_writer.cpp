#include <algorithm>
#include <bit>
#include <cstring>
#include <numeric>
#include <set>
#include <string_view>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/base/check.hpp"
#include "core/tensor/safetensors.hpp"

namespace qlab {
namespace {

static_assert(std::endian::native == std::endian::little, "files are little endian, and so are all our targets");

// A name taken from a file's name may be no UTF-8: what cannot be said becomes U+FFFD.
std::string json_text(const std::string& text) {
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace

std::int64_t TensorEntry::bytes() const { return TensorView{name, shape, dtype, {}}.size() * bytes_of(dtype); }

Result<SafetensorsWriter> SafetensorsWriter::create(AtomicFile file, const std::vector<TensorEntry>& entries,
                                                    const FileMetadata& metadata) {
  // The library sorts by alignment (its order of types, the widest first), then by the name's bytes.
  std::vector<std::size_t> order(entries.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](std::size_t left, std::size_t right) {
    const TensorEntry &a = entries[left], &b = entries[right];
    return a.dtype != b.dtype ? a.dtype > b.dtype : a.name < b.name;
  });

  std::string header;
  const auto append = [&](const std::string& name, const std::string& value) {
    header += fmt::format("{}{}:{}", header.empty() ? '{' : ',', json_text(name), value);
  };
  if (!metadata.empty()) {
    std::string texts;
    for (const auto& [name, text] : metadata) {
      texts += fmt::format("{}{}:{}", texts.empty() ? '{' : ',', json_text(name), json_text(text));
    }
    append("__metadata__", texts + '}');
  }
  std::vector<Place> places(entries.size());
  std::set<std::string_view> names;
  std::int64_t end = 0;
  for (const std::size_t index : order) {
    const TensorEntry& entry = entries[index];
    QLAB_CHECK(names.insert(entry.name).second);
    const std::int64_t begin = end;
    end += entry.bytes();
    places[index] = {begin, entry.bytes(), entry.bytes()};
    append(entry.name, fmt::format(R"({{"dtype":"{}","shape":[{}],"data_offsets":[{},{}]}})", name_of(entry.dtype),
                                   fmt::join(entry.shape, ","), begin, end));
  }
  header += header.empty() ? "{}" : "}";
  header.resize((header.size() + 7) / 8 * 8, ' ');

  const auto length = static_cast<std::uint64_t>(header.size());
  char length_bytes[sizeof length];
  std::memcpy(length_bytes, &length, sizeof length);
  header.insert(0, length_bytes, sizeof length);
  for (Place& place : places) place.offset += static_cast<std::int64_t>(header.size());

  if (auto written = file.write_at(0, std::as_bytes(std::span(header))); !written) return written.error();
  return SafetensorsWriter(std::move(file), std::move(places));
}

Result<Done> SafetensorsWriter::write(std::size_t entry, std::int64_t offset, std::span<const std::byte> bytes) {
  const auto count = static_cast<std::int64_t>(bytes.size());
  Place& place = places_.at(entry);
  QLAB_CHECK(offset >= 0 && offset + count <= place.size && count <= place.missing);
  place.missing -= count;
  return file_.write_at(place.offset + offset, bytes);
}

Result<Done> SafetensorsWriter::commit() {
  QLAB_CHECK(std::all_of(places_.begin(), places_.end(), [](const Place& place) { return place.missing == 0; }));
  return file_.commit();
}

}  // namespace qlab
