#include "core/base/xml.hpp"

#include "tests/support/catch.hpp"

namespace {

using qlab::xml_escaped;

TEST_CASE("xml: what would end an element or an attribute becomes an entity, the rest stays", "[core][base]") {
  CHECK(xml_escaped("a < b && c > \"d\"") == "a &lt; b &amp;&amp; c &gt; &quot;d&quot;");
  CHECK(xml_escaped("&amp;") == "&amp;amp;");
  CHECK(xml_escaped("it's 显存\n") == "it's 显存\n");
  CHECK(xml_escaped("").empty());
}

}  // namespace
