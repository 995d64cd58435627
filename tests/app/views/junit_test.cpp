#include "app/views/junit.hpp"

#include "tests/app/views/sample_report.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/xml.hpp"

namespace {

using namespace qlab;
using namespace qlab::test;

std::vector<views::JudgedScenario> sample_scenarios(const SampleRun& sample) {
  return {{"small", "default", 0.25, sample.run},
          {"small", "broken", 1, Error{Errc::io, "no such file", "a<b>&\"c\".npy", ""}},
          {"line\nbreak", "default", 0, Error{Errc::io, "\x01", "", ""}}};
}

TEST_CASE("JUnit XML is what the schema of CI servers asks for", "[app][views]") {
  const SampleRun sample;
  const auto scenarios = sample_scenarios(sample);
  const XmlElement root = parse_xml(views::junit(scenarios));
  CHECK(root.name == "testsuites");
  std::size_t cases = 0;
  for (const XmlElement& suite : root.children) {
    REQUIRE(suite.name == "testsuite");
    for (const char* needed : {"name", "tests", "failures", "errors", "time"})
      CHECK(suite.attributes.count(needed) == 1);
    CHECK(suite.attributes.at("tests") == std::to_string(suite.children.size()));
    std::size_t failures = 0;
    std::size_t errors = 0;
    for (const XmlElement& one : suite.children) {
      REQUIRE(one.name == "testcase");
      for (const char* needed : {"name", "classname", "time"}) CHECK(one.attributes.count(needed) == 1);
      CHECK(one.children.size() <= 1);
      for (const XmlElement& outcome : one.children) {
        CHECK((outcome.name == "failure" || outcome.name == "error"));
        CHECK((outcome.attributes.count("message") == 1 && outcome.attributes.count("type") == 1));
        (outcome.name == "failure" ? failures : errors) += 1;
      }
    }
    CHECK(suite.attributes.at("failures") == std::to_string(failures));
    CHECK(suite.attributes.at("errors") == std::to_string(errors));
    cases += suite.children.size();
  }
  CHECK(root.attributes.at("tests") == std::to_string(cases));
  CHECK(root.attributes.at("failures") == "1");
  CHECK(root.attributes.at("errors") == "2");
}

TEST_CASE("a failure in JUnit XML says value, expectation, source and how to see it again", "[app][views]") {
  const SampleRun sample;
  const XmlElement root = parse_xml(views::junit(sample_scenarios(sample)));
  const XmlElement& suite = root.children.at(0);
  CHECK(suite.children.at(0).attributes.at("name") == "default: runs");
  CHECK(suite.children.at(0).attributes.at("time") == "0.250");
  const XmlElement& failed = suite.children.at(3);
  CHECK(failed.attributes.at("classname") == "qloralab.small");
  CHECK(failed.attributes.at("name") == "default: speed");
  REQUIRE(failed.children.size() == 1);
  CHECK(failed.children[0].attributes.at("message") == "speed is 0.5, expected at least 0.8");
  CHECK(failed.children[0].text == "speed is 0.5, expected at least 0.8\nsource: the issue\nagain: qloralab run small");
}

TEST_CASE("hostile names stay well-formed XML", "[app][views]") {
  const SampleRun sample;
  const XmlElement root = parse_xml(views::junit(sample_scenarios(sample)));
  CHECK(root.children.at(0).children.back().children.at(0).attributes.at("message") == "no such file (a<b>&\"c\".npy)");
  CHECK(root.children.at(1).attributes.at("name") == "line\\x0abreak");
}

TEST_CASE("nothing checked is an empty document, not a broken one", "[app][views]") {
  const XmlElement root = parse_xml(views::junit({}));
  CHECK((root.name == "testsuites" && root.children.empty() && root.attributes.at("tests") == "0"));
}

}  // namespace
