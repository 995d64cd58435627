// Text inside XML: SVG, XHTML, JUnit reports. SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

namespace qlab {

/// & < > and " as entities, for elements and for attributes in double quotes. What XML 1.0 cannot hold at all (control
/// characters, broken UTF-8) is for the caller to replace before.
std::string xml_escaped(std::string_view text);

}  // namespace qlab
