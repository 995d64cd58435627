// The header is read event by event into exactly the shape it may have, so that no document of a liar's making is ever
// built in memory, however deep or large it claims to be.
#include <algorithm>
#include <cstring>
#include <optional>
#include <set>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/tensor/safetensors.hpp"

namespace qlab {
namespace {

constexpr std::uint64_t max_header_bytes = 100'000'000;  // the library's own limit

/// A name as an error shows it: a liar's may be megabytes long. Cut between characters.
std::string shown(const std::string& name) {
  constexpr std::size_t longest = 120;
  if (name.size() <= longest) return "'" + name + "'";
  std::size_t end = longest;
  while (end > 0 && (static_cast<unsigned char>(name[end]) & 0xc0) == 0x80) --end;
  return "'" + name.substr(0, end) + "...'";
}

struct Record {
  std::string name;
  bool has_dtype = false, has_shape = false, has_offsets = false;
  Dtype dtype = Dtype::f32;
  std::vector<std::int64_t> shape;
  std::vector<std::int64_t> offsets;  ///< two once the tensor's object is closed
};

/// Takes the events of nlohmann::json's SAX parser; `false` stops it, and `problem` says why.
class HeaderHandler {
 public:
  using Json = nlohmann::json;

  std::string problem;
  std::vector<Record> records;
  FileMetadata metadata;

  bool start_object(std::size_t) {
    switch (place_) {
      case Place::start: return go(Place::top);
      case Place::entry:
        if (is_metadata_) return go(Place::metadata);
        return go(Place::tensor);
      default: return unexpected("an object");
    }
  }
  bool end_object() {
    if (place_ == Place::tensor) {
      const Record& record = records.back();
      const std::string name = shown(record.name);
      if (!record.has_dtype) return fail(fmt::format("tensor {} has no dtype", name));
      if (!record.has_shape) return fail(fmt::format("tensor {} has no shape", name));
      if (!record.has_offsets) return fail(fmt::format("tensor {} has no data_offsets", name));
      const std::size_t count = record.offsets.size();
      if (count != 2) return fail(fmt::format("tensor {} has {} data_offsets instead of 2", name, count));
    }
    return go(place_ == Place::top ? Place::finished : Place::top);
  }
  bool key(std::string& name) {
    switch (place_) {
      case Place::top:
        is_metadata_ = name == "__metadata__";
        if (!names_.insert(name).second) {
          return fail(is_metadata_ ? "there are two __metadata__"
                                   : fmt::format("two tensors are named {}", shown(name)));
        }
        if (!is_metadata_) records.emplace_back().name = name;
        return go(Place::entry);
      case Place::metadata:
        if (!text_names_.insert(name).second) {
          return fail(fmt::format("__metadata__ has two texts named {}", shown(name)));
        }
        metadata.emplace_back(name, "");
        return go(Place::metadata_text);
      default: return tensor_key(name);
    }
  }
  bool string(std::string& text) {
    if (place_ == Place::metadata_text) {
      metadata.back().second = text;
      return go(Place::metadata);
    }
    if (place_ != Place::dtype) return unexpected("a text");
    const auto dtype = dtype_from_name(text);
    if (!dtype) return fail(fmt::format("tensor {} has the unknown dtype {}", shown(records.back().name), shown(text)));
    records.back().dtype = *dtype;
    return go(Place::tensor);
  }
  bool start_array(std::size_t) {
    if (place_ == Place::shape) return go(Place::shape_number);
    if (place_ == Place::offsets) return go(Place::offsets_number);
    return unexpected("a list");
  }
  bool end_array() { return go(Place::tensor); }
  bool number_unsigned(std::uint64_t number) {
    if (place_ != Place::shape_number && place_ != Place::offsets_number) return unexpected("a number");
    if (number > static_cast<std::uint64_t>(INT64_MAX)) return no_size(fmt::format("{}", number));
    auto& numbers = place_ == Place::shape_number ? records.back().shape : records.back().offsets;
    numbers.push_back(static_cast<std::int64_t>(number));
    return true;
  }
  bool number_integer(std::int64_t number) { return no_size(fmt::format("{}", number)); }
  bool number_float(double, const std::string& text) { return no_size(text.substr(0, 40)); }
  bool null() { return unexpected("null"); }
  bool boolean(bool) { return unexpected("true or false"); }
  bool binary(Json::binary_t&) { return unexpected("binary data"); }
  bool parse_error(std::size_t position, const std::string&, const nlohmann::detail::exception& error) {
    const bool encoding = std::strstr(error.what(), "UTF-8") != nullptr;
    return fail(fmt::format("the header is no {} at its byte {}", encoding ? "UTF-8" : "JSON", position));
  }

 private:
  enum class Place {
    start,
    top,
    entry,
    metadata,
    metadata_text,
    tensor,
    dtype,
    shape,
    shape_number,
    offsets,
    offsets_number,
    finished
  };

  bool go(Place place) {
    place_ = place;
    return true;
  }
  bool fail(std::string what) {
    problem = std::move(what);
    return false;
  }
  std::string whose() const {
    if (place_ == Place::start || place_ == Place::top || place_ == Place::finished) return "the header";
    return is_metadata_ || records.empty() ? "__metadata__" : "tensor " + shown(records.back().name);
  }
  bool unexpected(const char* what) {
    return fail(fmt::format("{} has {} where {} belongs", whose(), what, expected()));
  }
  const char* expected() const {
    switch (place_) {
      case Place::start: return "an object";
      case Place::entry: return is_metadata_ ? "an object of texts" : "an object with dtype, shape and data_offsets";
      case Place::metadata_text: return "a text";
      case Place::dtype: return "a dtype";
      case Place::shape:
      case Place::offsets: return "a list of whole numbers";
      default: return "a whole number";
    }
  }
  bool no_size(const std::string& number) {
    if (place_ != Place::shape_number && place_ != Place::offsets_number) return unexpected("a number");
    return fail(fmt::format("{} has {} in its {}, which is no size", whose(), number,
                            place_ == Place::shape_number ? "shape" : "data_offsets"));
  }
  bool tensor_key(const std::string& name) {
    Record& record = records.back();
    const auto once = [&](bool& seen, Place place) {
      if (std::exchange(seen, true)) return fail(fmt::format("tensor {} has two {}", shown(record.name), name));
      return go(place);
    };
    if (name == "dtype") return once(record.has_dtype, Place::dtype);
    if (name == "shape") return once(record.has_shape, Place::shape);
    if (name == "data_offsets") return once(record.has_offsets, Place::offsets);
    return fail(fmt::format("tensor {} has the unknown key {}", shown(record.name), shown(name)));
  }

  Place place_ = Place::start;
  bool is_metadata_ = false;
  std::set<std::string> names_;
  std::set<std::string> text_names_;
};

/// Bytes that shape and dtype ask for; nothing if that is past 2^63.
std::optional<std::int64_t> bytes_needed(const Record& record) {
  std::int64_t bytes = 1;
  for (const std::int64_t extent : record.shape) {
    if (__builtin_mul_overflow(bytes, extent, &bytes)) return std::nullopt;
  }
  if (__builtin_mul_overflow(bytes, static_cast<std::int64_t>(bytes_of(record.dtype)), &bytes)) return std::nullopt;
  return bytes;
}

/// What is wrong with the places of the tensors, sorted by them; empty if nothing is.
std::string check_places(const std::vector<Record>& records, std::int64_t data_bytes) {
  std::int64_t end = 0;
  const Record* previous = nullptr;
  for (const Record& record : records) {
    const std::string name = shown(record.name);
    const std::vector<std::int64_t>& offsets = record.offsets;
    if (offsets[0] > offsets[1]) return fmt::format("tensor {} ends before it begins", name);
    const auto needed = bytes_needed(record);
    if (!needed) return fmt::format("tensor {} has a shape past every memory", name);
    if (*needed != offsets[1] - offsets[0]) {
      return fmt::format("tensor {} has {} bytes, its shape and dtype need {}", name, offsets[1] - offsets[0], *needed);
    }
    if (offsets[1] > data_bytes) {
      return fmt::format("tensor {} ends at byte {} of {}, the file is cut short", name, offsets[1], data_bytes);
    }
    if (offsets[0] < end) return fmt::format("tensors {} and {} overlap", shown(previous->name), name);
    if (offsets[0] > end) return fmt::format("{} bytes before tensor {} belong to none", offsets[0] - end, name);
    end = offsets[1];
    previous = &record;
  }
  return end == data_bytes ? "" : fmt::format("{} bytes at the end belong to no tensor", data_bytes - end);
}

}  // namespace

Result<SafetensorsContent> parse_safetensors(std::span<const std::byte> file, const std::string& where) {
  const auto bad = [&](std::string what) {
    return Error{Errc::bad_file, "bad safetensors file, " + std::move(what), where, "download or write it again"};
  };
  std::uint64_t length = 0;
  if (file.size() < sizeof length) return bad(fmt::format("it has {} bytes and no header", file.size()));
  std::memcpy(&length, file.data(), sizeof length);
  const auto rest = file.subspan(sizeof length);
  if (length > max_header_bytes) return bad(fmt::format("its header claims {} bytes, more than 100 MB", length));
  if (length > rest.size()) return bad(fmt::format("its header claims {} bytes of {}", length, rest.size()));

  const auto header = rest.first(static_cast<std::size_t>(length));
  const auto data = rest.subspan(header.size());
  if (header.empty() || header[0] != std::byte{'{'}) return bad("its header does not begin with '{'");
  HeaderHandler handler;
  const auto* text = reinterpret_cast<const char*>(header.data());
  if (!nlohmann::json::sax_parse(text, text + header.size(), &handler)) return bad(handler.problem);

  std::vector<Record>& records = handler.records;
  std::stable_sort(records.begin(), records.end(),
                   [](const Record& a, const Record& b) { return a.offsets < b.offsets; });
  if (std::string problem = check_places(records, static_cast<std::int64_t>(data.size())); !problem.empty()) {
    return bad(std::move(problem));
  }
  SafetensorsContent content;
  content.metadata = std::move(handler.metadata);
  for (Record& record : records) {
    const auto begin = static_cast<std::size_t>(record.offsets[0]), end = static_cast<std::size_t>(record.offsets[1]);
    content.tensors.push_back(
        {std::move(record.name), std::move(record.shape), record.dtype, data.subspan(begin, end - begin)});
  }
  return content;
}

}  // namespace qlab
