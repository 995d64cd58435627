#include "core/tensor/npy.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cstring>
#include <optional>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "core/base/check.hpp"

namespace qlab {
namespace {

constexpr std::string_view magic = "\x93NUMPY";

/// Reads the Python literal {'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }, keys in any order.
class HeaderText {
 public:
  explicit HeaderText(std::string_view text) : rest_(text) {}

  std::optional<std::string> descr;
  std::optional<bool> fortran_order;
  std::optional<std::vector<std::int64_t>> shape;

  /// False if the text is something else, has a key twice, or lacks one.
  bool read() {
    if (!take('{')) return false;
    while (!take('}')) {
      const auto key = text();
      if (!key || !take(':')) return false;
      if (*key == "descr" && !descr) {
        descr = text();
        if (!descr) return false;
      } else if (*key == "fortran_order" && !fortran_order) {
        fortran_order = truth();
        if (!fortran_order) return false;
      } else if (*key == "shape" && !shape) {
        shape = numbers();
        if (!shape) return false;
      } else {
        return false;
      }
      if (!take(',') && !next_is('}')) return false;
    }
    skip_blanks();
    return rest_.empty() && descr && fortran_order && shape;
  }

 private:
  void skip_blanks() {
    while (!rest_.empty() && (rest_[0] == ' ' || rest_[0] == '\n' || rest_[0] == '\t' || rest_[0] == '\r')) {
      rest_.remove_prefix(1);
    }
  }
  bool next_is(char c) {
    skip_blanks();
    return !rest_.empty() && rest_[0] == c;
  }
  bool take(char c) {
    if (!next_is(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }
  bool take_word(std::string_view word) {
    skip_blanks();
    if (!rest_.starts_with(word)) return false;
    rest_.remove_prefix(word.size());
    return true;
  }
  std::optional<std::string> text() {
    for (const char quote : {'\'', '"'}) {
      if (!take(quote)) continue;
      const std::size_t end = rest_.find(quote);
      if (end == std::string_view::npos) return std::nullopt;
      std::string found(rest_.substr(0, end));
      rest_.remove_prefix(end + 1);
      return found;
    }
    return std::nullopt;
  }
  std::optional<bool> truth() {
    if (take_word("False")) return false;
    if (take_word("True")) return true;
    return std::nullopt;
  }
  std::optional<std::vector<std::int64_t>> numbers() {
    if (!take('(')) return std::nullopt;
    std::vector<std::int64_t> found;
    while (!take(')')) {
      skip_blanks();
      std::int64_t number = -1;
      const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), number);
      if (error != std::errc{} || number < 0) return std::nullopt;
      rest_.remove_prefix(static_cast<std::size_t>(end - rest_.data()));
      found.push_back(number);
      if (!take(',') && !next_is(')')) return std::nullopt;
    }
    return found;
  }

  std::string_view rest_;
};

std::optional<Dtype> dtype_of(const std::string& descr) {
  if (descr == "<f2") return Dtype::f16;
  if (descr == "<f4") return Dtype::f32;
  if (descr == "<f8") return Dtype::f64;
  return std::nullopt;
}

}  // namespace

bool is_npy(std::span<const std::byte> file) {
  return file.size() >= magic.size() && std::memcmp(file.data(), magic.data(), magic.size()) == 0;
}

Result<TensorView> parse_npy(std::span<const std::byte> file, std::string name, const std::string& where) {
  const auto bad = [&](std::string what) {
    return Error{Errc::bad_file, "bad npy file, " + std::move(what), where, "write it again with numpy.save"};
  };
  const auto unsupported = [&](std::string what, const char* hint) {
    return Error{Errc::unsupported, "npy file with " + std::move(what), where, hint};
  };
  if (!is_npy(file)) return bad("it does not begin with \\x93NUMPY");
  if (file.size() < 12) return bad("it ends within its header");
  const int version = std::to_integer<int>(file[6]);
  if (version < 1 || version > 3)
    return unsupported(fmt::format("version {}", version), "write it with version 1 to 3");
  const std::size_t length_bytes = version == 1 ? 2 : 4;
  std::uint32_t length = 0;
  std::memcpy(&length, file.data() + 8, length_bytes);
  const auto rest = file.subspan(8 + length_bytes);
  if (length > rest.size()) return bad(fmt::format("its header claims {} bytes of {}", length, rest.size()));

  HeaderText header(std::string_view(reinterpret_cast<const char*>(rest.data()), length));
  if (!header.read()) return bad("its header is no dictionary of descr, fortran_order and shape");
  const auto dtype = dtype_of(*header.descr);
  if (!dtype) {
    return unsupported(fmt::format("elements '{}'", header.descr->substr(0, 40)),
                       "convert it with astype to '<f2', '<f4' or '<f8'");
  }
  if (*header.fortran_order && header.shape->size() > 1) {
    return unsupported("Fortran order", "convert it with numpy.ascontiguousarray");
  }
  std::int64_t bytes = bytes_of(*dtype);
  for (const std::int64_t extent : *header.shape) {
    if (__builtin_mul_overflow(bytes, extent, &bytes)) return bad("its shape is past every memory");
  }
  const auto data = rest.subspan(length);
  if (bytes != static_cast<std::int64_t>(data.size())) {
    return bad(fmt::format("it has {} bytes of data, its shape needs {}", data.size(), bytes));
  }
  return TensorView{std::move(name), std::move(*header.shape), *dtype, data};
}

std::string npy_header(Dtype dtype, std::span<const std::int64_t> shape) {
  QLAB_CHECK(dtype == Dtype::f16 || dtype == Dtype::f32);
  std::string header =
      fmt::format("{{'descr': '{}', 'fortran_order': False, 'shape': ({}{}), }}", dtype == Dtype::f16 ? "<f2" : "<f4",
                  fmt::join(shape, ", "), shape.size() == 1 ? "," : "");
  constexpr std::size_t prefix = 10, alignment = 64;  // magic, version, length; so that the data can be mapped
  const std::size_t padded = (prefix + header.size() + 1 + alignment - 1) / alignment * alignment - prefix;
  QLAB_CHECK(padded < 65536);
  header.resize(padded - 1, ' ');
  header += '\n';
  std::string out(magic);
  out += {'\x01', '\x00', static_cast<char>(padded & 0xff), static_cast<char>(padded >> 8)};
  return out + header;
}

}  // namespace qlab
