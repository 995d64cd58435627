// The trace as files: the laws that hold in each, and the pickle read back by a reader of its own.
#include "core/memory/step/trace_export.hpp"

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "core/memory/step/pickle.hpp"
#include "tests/support/catch.hpp"

namespace {

using namespace qlab;
using Json = nlohmann::json;

/// Reads what PickleWriter may write; anything else fails the test.
class PickleReader {
 public:
  explicit PickleReader(const std::string& bytes) : bytes_(bytes) {}

  Json read() {
    REQUIRE(unsigned_number(2) == 0x0480);  // protocol 4
    while (step()) {
    }
    REQUIRE(at_ == bytes_.size());
    REQUIRE((stack_.size() == 1 && marks_.empty()));
    return stack_.front();
  }

 private:
  std::uint64_t unsigned_number(int count) {
    REQUIRE(at_ + count <= bytes_.size());
    std::uint64_t value = 0;
    for (int i = 0; i < count; ++i) value |= std::uint64_t{static_cast<std::uint8_t>(bytes_[at_++])} << (8 * i);
    return value;
  }
  void text(std::size_t size) {
    REQUIRE(at_ + size <= bytes_.size());
    stack_.push_back(bytes_.substr(at_, size));
    at_ += size;
  }
  std::vector<Json> since_mark() {
    REQUIRE(!marks_.empty());
    const auto first = stack_.begin() + static_cast<std::ptrdiff_t>(marks_.back());
    std::vector<Json> items(std::make_move_iterator(first), std::make_move_iterator(stack_.end()));
    stack_.erase(first, stack_.end());
    marks_.pop_back();
    return items;
  }

  bool step() {
    const auto opcode = static_cast<std::uint8_t>(unsigned_number(1));
    switch (opcode) {
      case '.': return false;
      case '(': marks_.push_back(stack_.size()); break;
      case '}': stack_.push_back(Json::object()); break;
      case ']': stack_.push_back(Json::array()); break;
      case 'K': stack_.push_back(unsigned_number(1)); break;
      case 'M': stack_.push_back(unsigned_number(2)); break;
      case 'J': stack_.push_back(static_cast<std::int32_t>(unsigned_number(4))); break;
      case 0x8a:
        REQUIRE(unsigned_number(1) == 8);
        stack_.push_back(static_cast<std::int64_t>(unsigned_number(8)));
        break;
      case 0x8c: text(unsigned_number(1)); break;
      case 'X': text(unsigned_number(4)); break;
      case 0x94: memo_.push_back(stack_.back()); break;
      case 'h': stack_.push_back(memo_.at(unsigned_number(1))); break;
      case 'j': stack_.push_back(memo_.at(unsigned_number(4))); break;
      case 0x86: {
        Json second = stack_.back();
        stack_.pop_back();
        stack_.back() = Json::array({stack_.back(), second});
        break;
      }
      case 'e': {
        for (Json& item : since_mark()) stack_.back().push_back(std::move(item));
        break;
      }
      case 'u': {
        const std::vector<Json> items = since_mark();
        REQUIRE(items.size() % 2 == 0);
        for (std::size_t i = 0; i < items.size(); i += 2) stack_.back()[items[i].get<std::string>()] = items[i + 1];
        break;
      }
      default: FAIL("opcode " << int{opcode});
    }
    return true;
  }

  const std::string& bytes_;
  std::size_t at_ = 0;
  std::vector<Json> stack_, memo_;
  std::vector<std::size_t> marks_;
};

TEST_CASE("a pickle says what was written, in the bytes of Python's protocol 4", "[core][memory][golden]") {
  PickleWriter out;
  out.begin_dict();
  out.text("a");
  out.begin_list();
  for (const std::int64_t value : {1LL, 300LL, -1LL, 1LL << 40}) {
    out.next_item();
    out.integer(value);
  }
  out.end_list();
  out.text("b");
  out.text("a");
  out.end_dict();
  const std::string bytes = out.finish();
  // python3 -c "import pickle; print(pickle.loads(bytes.fromhex('...')))" gives {'a': [1, 300, -1, 2**40], 'b': 'a'}
  const std::string expected(
      "\x80\x04}(\x8c\x01"
      "a\x94](K\x01M\x2c\x01J\xff\xff\xff\xff\x8a\x08\0\0\0\0\0\x01\0\0e\x8c\x01"
      "b\x94h\0u.",
      39);
  CHECK(bytes == expected);
  CHECK(PickleReader(bytes).read() == Json{{"a", {1, 300, -1, 1LL << 40}}, {"b", "a"}});
}

TEST_CASE("a pickled list may be longer than what is put together at once", "[core][memory]") {
  PickleWriter out;
  Json expected = Json::array();
  out.begin_list();
  for (int i = 0; i < 2500; ++i) {
    out.next_item();
    out.integer(i);
    expected.push_back(i);
  }
  out.end_list();
  CHECK(PickleReader(out.finish()).read() == expected);
}

SimulatedStep small_step() {
  StepSettings settings;
  settings.lora = LoraSettings{.rank = 8, .targets = {"all-linear"}, .dropout = 0.05};
  settings.seq = 100;
  settings.optimizer = Optimizer::adamw_8bit;
  const auto step = simulate_step(llama_like_shape(256, 3, 1000), settings);
  REQUIRE(step);
  return *step;
}

TEST_CASE("in a trace every free has its allocation, and what is alive is their sum", "[core][memory][property]") {
  const SimulatedStep step = small_step();
  const Json trace = Json::parse(trace_json(step));
  CHECK(trace.at("format_version") == 1);
  CHECK(trace.at("step_begin") == step.first_event);
  REQUIRE(trace.at("events").size() == step.last_event);
  std::map<std::string, std::size_t> column;
  for (const Json& name : trace.at("columns")) column.emplace(name, column.size());
  std::map<std::int64_t, std::int64_t> alive;
  std::int64_t live = 0, peak = 0, peak_cuda = 0;
  for (const Json& row : trace.at("events")) {
    REQUIRE(row.size() == column.size());
    const auto number = [&](const char* name) { return row[column.at(name)].get<std::int64_t>(); };
    const std::int64_t storage = number("storage");
    if (row[column.at("action")] == "alloc") {
      REQUIRE(alive.emplace(storage, number("bytes")).second);
      live += number("allocated_bytes");
      if (number("event") > step.first_event) {
        peak = std::max(peak, live);
        peak_cuda = std::max(peak_cuda, live + number("kernel_bytes"));
      }
    } else {
      REQUIRE(row[column.at("action")] == "free");
      REQUIRE(alive.at(storage) == number("bytes"));
      alive.erase(storage);
      live -= number("allocated_bytes");
    }
    REQUIRE(number("live_bytes") == live);
  }
  CHECK(peak == step.peak_bytes);
  CHECK(peak_cuda == step.peak_bytes_cuda);
  CHECK(live == step.start_bytes);  // the gradients are there again, for the next step to drop
}

TEST_CASE("the table of a trace has the same rows in CSV and in JSON", "[core][memory][property]") {
  const SimulatedStep step = small_step();
  const Json trace = Json::parse(trace_json(step));
  std::istringstream csv(trace_csv(step));
  const auto cells = [&] {
    std::string line;
    REQUIRE(std::getline(csv, line));
    std::vector<std::string> result(1);
    for (const char c : line) {
      if (c == ',') {
        result.emplace_back();
      } else {
        result.back() += c;
      }
    }
    return result;
  };
  CHECK(cells() == trace.at("columns").get<std::vector<std::string>>());
  for (const Json& row : trace.at("events")) {
    std::vector<std::string> expected;
    for (const Json& cell : row) {
      std::string text = cell.is_string() ? cell.get<std::string>() : cell.dump();
      if (cell.is_array()) {  // [3, 5] is 3x5
        text = text.substr(1, text.size() - 2);
        std::replace(text.begin(), text.end(), ',', 'x');
      }
      expected.push_back(text);
    }
    REQUIRE(cells() == expected);
  }
}

TEST_CASE("the snapshot holds together: addresses do not overlap, and the segments show how the trace ends",
          "[core][memory][property]") {
  const SimulatedStep step = small_step();
  const Json snapshot = PickleReader(trace_snapshot(step)).read();
  REQUIRE(snapshot.at("device_traces").size() == 1);
  std::map<std::int64_t, std::int64_t> segments, alive;  // address and size
  std::size_t events = 0;
  const Json* requested = nullptr;
  for (const Json& entry : snapshot.at("device_traces")[0]) {
    const auto action = entry.at("action").get<std::string>();
    const std::int64_t address = entry.at("addr"), size = entry.at("size");
    REQUIRE(entry.at("frames").size() == 4);
    if (action == "segment_alloc") {
      REQUIRE(segments.emplace(address, size).second);
    } else if (action == "alloc") {
      ++events;
      const auto segment = std::prev(segments.upper_bound(address));
      REQUIRE(address + size <= segment->first + segment->second);
      const auto next = alive.lower_bound(address);
      if (next != alive.end()) REQUIRE(address + size <= next->first);
      if (next != alive.begin()) REQUIRE(std::prev(next)->first + std::prev(next)->second <= address);
      alive.emplace(address, size);
    } else if (action == "free_requested") {
      requested = &entry;
    } else {
      REQUIRE(action == "free_completed");
      ++events;
      REQUIRE(requested != nullptr);
      REQUIRE(requested->at("addr") == address);
      REQUIRE(alive.at(address) == size);
      alive.erase(address);
    }
  }
  CHECK(events == step.last_event);
  REQUIRE(snapshot.at("segments").size() == segments.size());
  std::map<std::int64_t, std::int64_t> shown;
  for (const Json& segment : snapshot.at("segments")) {
    std::int64_t at = segment.at("address");
    REQUIRE(segments.at(at) == segment.at("total_size"));
    const std::int64_t end = at + segment.at("total_size").get<std::int64_t>();
    for (const Json& block : segment.at("blocks")) {
      REQUIRE(block.at("address") == at);
      at += block.at("size").get<std::int64_t>();
      if (block.at("state") == "active_allocated") shown.emplace(block.at("address"), block.at("requested_size"));
    }
    REQUIRE(at == end);
  }
  CHECK(shown == alive);
}

TEST_CASE("a frame tells operation, category, module and phase", "[core][memory]") {
  const Json snapshot = PickleReader(trace_snapshot(small_step())).read();
  const Json& first = snapshot.at("device_traces")[0][1];
  CHECK(first.at("frames") == Json::parse(R"([
    {"name": "init [1000, 256] float32", "filename": "operation", "line": 0},
    {"name": "weights", "filename": "category", "line": 0},
    {"name": "model", "filename": "module", "line": 0},
    {"name": "setup", "filename": "phase", "line": 0}])"));
}

TEST_CASE("a trace is written in the format of its ending, and no other", "[core][memory]") {
  const auto folder = std::filesystem::temp_directory_path() / "qlab_trace_test";
  std::filesystem::create_directories(folder);
  const SimulatedStep step = small_step();
  const auto content = [](const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    return std::string((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  };
  REQUIRE(write_trace(step, folder / "t.csv"));
  REQUIRE(write_trace(step, folder / "t.json"));
  REQUIRE(write_trace(step, folder / "t.pickle"));
  CHECK(content(folder / "t.csv") == trace_csv(step));
  CHECK(content(folder / "t.json") == trace_json(step));
  CHECK(content(folder / "t.pickle") == trace_snapshot(step));
  const auto refused = write_trace(step, folder / "t.txt");
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == Errc::bad_argument);
  CHECK(refused.error().hint == "use .csv, .json or .pickle");
  CHECK_FALSE(std::filesystem::exists(folder / "t.txt"));
  std::filesystem::remove_all(folder);
}

}  // namespace
