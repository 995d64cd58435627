#include "core/memory/step/pickle.hpp"

#include <utility>

namespace qlab {
namespace {

enum Opcode {
  mark = '(',
  stop = '.',
  empty_list = ']',
  empty_dict = '}',
  appends = 'e',
  setitems = 'u',
  binint = 'J',
  binint1 = 'K',
  binint2 = 'M',
  binunicode = 'X',
  binget = 'h',
  long_binget = 'j',
  proto = 0x80,
  tuple2 = 0x86,
  long1 = 0x8a,
  short_binunicode = 0x8c,
  memoize = 0x94,
};

/// As many as Python's own pickler puts together; the visualiser cannot take arbitrarily many at once.
constexpr std::size_t items_at_once = 1000;

}  // namespace

PickleWriter::PickleWriter() {
  opcode(proto);
  opcode(4);
}

void PickleWriter::little_endian(std::uint64_t value, int count) {
  for (int i = 0; i < count; ++i) bytes_.push_back(static_cast<char>(value >> (8 * i) & 0xff));
}

void PickleWriter::integer(std::int64_t value) {
  const auto bits = static_cast<std::uint64_t>(value);
  if (value >= 0 && value <= 0xff) {
    opcode(binint1);
    little_endian(bits, 1);
  } else if (value >= 0 && value <= 0xffff) {
    opcode(binint2);
    little_endian(bits, 2);
  } else if (value >= INT32_MIN && value <= INT32_MAX) {
    opcode(binint);
    little_endian(bits, 4);
  } else {
    opcode(long1);
    opcode(8);
    little_endian(bits, 8);
  }
}

void PickleWriter::text(std::string_view value) {
  const auto [known, is_new] = texts_.try_emplace(std::string(value), next_memo_);
  if (!is_new) return recall(known->second);
  if (value.size() <= 0xff) {
    opcode(short_binunicode);
    little_endian(value.size(), 1);
  } else {
    opcode(binunicode);
    little_endian(value.size(), 4);
  }
  bytes_.append(value);
  remember();
}

void PickleWriter::pair(std::int64_t first, std::int64_t second) {
  integer(first);
  integer(second);
  opcode(tuple2);
}

void PickleWriter::begin_dict() {
  opcode(empty_dict);
  opcode(mark);
}

void PickleWriter::end_dict() { opcode(setitems); }

void PickleWriter::begin_list() {
  open_lists_.push_back(0);
  opcode(empty_list);
  opcode(mark);
}

void PickleWriter::next_item() {
  std::size_t& items = open_lists_.back();
  if (items == items_at_once) {
    opcode(appends);
    opcode(mark);
    items = 0;
  }
  ++items;
}

void PickleWriter::end_list() {
  open_lists_.pop_back();
  opcode(appends);
}

PickleWriter::Memo PickleWriter::remember() {
  opcode(memoize);
  return next_memo_++;
}

void PickleWriter::recall(Memo value) {
  if (value <= 0xff) {
    opcode(binget);
    little_endian(value, 1);
  } else {
    opcode(long_binget);
    little_endian(value, 4);
  }
}

std::string PickleWriter::finish() {
  opcode(stop);
  return std::move(bytes_);
}

}  // namespace qlab
