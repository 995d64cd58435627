// A strict reader of the XML that the program writes: a declaration, elements, attributes in double quotes, text and
// the five entities. Whatever else it meets, or does not find closed, is an error. SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace qlab::test {

struct XmlElement {
  std::string name;
  std::map<std::string, std::string> attributes;
  std::vector<XmlElement> children;
  std::string text;
};

class XmlReader {
 public:
  explicit XmlReader(std::string_view text) : rest_(text) {}

  XmlElement document() {
    expect(R"(<?xml version="1.0" encoding="UTF-8"?>)");
    skip_blanks();
    expect("<");
    XmlElement root = element();
    skip_blanks();
    if (!rest_.empty()) fail("something after the root");
    return root;
  }

 private:
  [[noreturn]] void fail(const std::string& what) const {
    throw std::runtime_error(what + " before: " + std::string(rest_.substr(0, 60)));
  }
  bool take(std::string_view token) {
    if (!rest_.starts_with(token)) return false;
    rest_.remove_prefix(token.size());
    return true;
  }
  void expect(std::string_view token) {
    if (!take(token)) fail("expected " + std::string(token));
  }
  void skip_blanks() { rest_.remove_prefix(std::min(rest_.find_first_not_of(" \n"), rest_.size())); }
  std::string name() {
    const std::size_t end = rest_.find_first_of(" =/><\"&");
    if (end == 0 || end == std::string_view::npos) fail("expected a name");
    std::string word(rest_.substr(0, end));
    rest_.remove_prefix(end);
    return word;
  }
  /// Text up to `stop`, which is taken too when it is a quote.
  std::string characters(char stop) {
    std::string out;
    while (!rest_.empty() && rest_[0] != stop) {
      if (rest_[0] == '<') fail("a bare <");
      if (static_cast<unsigned char>(rest_[0]) < 0x20 && rest_[0] != '\n') fail("a control character");
      if (rest_[0] != '&') {
        out += rest_[0];
        rest_.remove_prefix(1);
      } else if (!entity(out)) {
        fail("an unknown entity");
      }
    }
    if (rest_.empty()) fail("an early end");
    return out;
  }
  bool entity(std::string& out) {
    for (const auto& [token, character] :
         std::map<std::string, char>{{"&amp;", '&'}, {"&lt;", '<'}, {"&gt;", '>'}, {"&quot;", '"'}, {"&apos;", '\''}}) {
      if (take(token)) {
        out += character;
        return true;
      }
    }
    return false;
  }
  /// After its "<".
  XmlElement element() {
    XmlElement out;
    out.name = name();
    while (true) {
      skip_blanks();
      if (take("/>")) return out;
      if (take(">")) break;
      const std::string key = name();
      expect("=\"");
      if (!out.attributes.emplace(key, characters('"')).second) fail("a second " + key);
      expect("\"");
    }
    while (true) {
      const std::string text = characters('<');
      if (text.find_first_not_of(" \n") != std::string::npos) out.text += text;
      expect("<");
      if (take("/")) break;
      out.children.push_back(element());
    }
    if (name() != out.name) fail("another end than of " + out.name);
    expect(">");
    return out;
  }

  std::string_view rest_;
};

inline XmlElement parse_xml(std::string_view text) { return XmlReader(text).document(); }

}  // namespace qlab::test
