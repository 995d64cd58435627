#include "lessons/engine/lesson.hpp"

#include <iterator>
#include <random>

#include "tests/lessons/engine/small_lesson.hpp"
#include "tests/support/catch.hpp"

namespace {

using namespace qlab;
using namespace qlab::test;
using lessons::Lesson;

TEST_CASE("a lesson is read as its folder says", "[lessons][engine]") {
  const TemporaryFolder folder;
  const auto lesson = load_small(folder / "03-small-one", small_lesson_toml);
  REQUIRE(lesson);
  CHECK(lesson->id == "small-one");
  CHECK(lesson->built_in);
  CHECK(lesson->compute == small_experiment);
  CHECK(lesson->title.zh == "小");
  CHECK(lesson->body.en == "# Small\n");
  REQUIRE(lesson->parameters.size() == 5);
  const ParameterSpec& block = lesson->parameters[0];
  CHECK((block.name == "block_size" && block.symbol == "block" && block.kind == ParameterKind::integer));
  CHECK((block.minimum == 16 && block.maximum == 4096 && block.step == 16 && block.logarithmic));
  CHECK((block.unit == "values" && block.help.en == "Values that share a constant"));
  CHECK(std::get<double>(block.fallback) == 64);
  CHECK(lesson->parameters[2].choices[1].id == "fp16");
  REQUIRE(lesson->scenarios.size() == 2);
  const lessons::Scenario& wide = lesson->scenarios[1];
  CHECK(wide.set.size() == 5);
  REQUIRE(wide.expectations.size() == 2);
  CHECK((wide.expectations[0].at_least == 300.0 && wide.expectations[0].at_most == 330.0));
  CHECK((wide.expectations[1].equals == 160.0 && wide.expectations[1].tolerance == 0.5));
}

struct Mistake {
  const char* from;
  const char* to;
  const char* message;  ///< LESSON stands for the path of the lesson.toml
};

TEST_CASE("every mistake in a lesson.toml names file, line, key and what was expected", "[lessons][engine]") {
  const TemporaryFolder folder;
  const auto mistake = GENERATE(values<Mistake>({
      {"schema = 1", "schema = 2",
       "schema 2 in the lesson (LESSON:1): this program reads schema 1; a newer one is needed"},
      {"schema = 1", "schema = 0", "schema 0 in the lesson (LESSON:1): expected schema = 1"},
      {"schema = 1", "schema = '1'", "key 'schema' is a text in the lesson (LESSON:1): expected a number"},
      {"schema = 1", "", "missing key 'schema' in the lesson (LESSON:1): expected schema = a number"},
      {"schema = 1", "schema = 1\ncolour = 3",
       "unknown key 'colour' in the lesson (LESSON:2): expected schema, experiment, title, summary, parameters, "
       "scenarios"},
      {"\"small\"", "\"smal\"", "unknown experiment 'smal' in the lesson (LESSON:2): expected one of small"},
      {"title = { en = \"Small\", zh = \"小\" }", "title = \"Small\"",
       "key 'title' is a text in the lesson (LESSON:3): expected { en = \"...\", zh = \"...\" }"},
      {", zh = \"小\" }", " }", "missing key 'zh' in 'title' of the lesson (LESSON:3): expected zh = \"...\""},
      {"\"小\"", "\"\"", "empty 'zh' in 'title' of the lesson (LESSON:3): expected a text"},
      {"\"小\"", "\"小\\n\"", "key 'zh' has control characters in 'title' of the lesson (LESSON:3): expected one line"},
      {"summary = { en = \"One sentence.\", zh = \"一句话。\" }", "",
       "missing key 'summary' in the lesson (LESSON:1): expected summary = { en = \"...\", zh = \"...\" }"},
      {"name = \"block_size\"", "name = \"block size\"",
       "name 'block size' in parameter 1 of the lesson (LESSON:7): expected snake_case: a-z, 0-9 and _"},
      {"name = \"sigma\"", "name = \"block_size\"",
       "second entry 'block_size' in parameter 'block_size' (LESSON:20): expected one entry a parameter"},
      {"name = \"sigma\"", "name = \"block\"",
       "name 'block' in parameter 'block' (LESSON:20): expected one that no other parameter answers to; 'block_size' "
       "does"},
      {"name = \"sigma\"", "name = \"sigma\"\nsymbol = \"block\"",
       "symbol 'block' in parameter 'sigma' (LESSON:21): expected one that no other parameter answers to; 'block_size' "
       "does"},
      {"symbol = \"block\"", "symbol = \"2\"",
       "symbol '2' in parameter 'block_size' (LESSON:8): expected a letter, then letters, digits or _"},
      {"kind = \"integer\"", "kind = \"int\"",
       "kind 'int' in parameter 'block_size' (LESSON:9): expected number, integer, choice, flag, text or tensor"},
      {"unit = \"values\"", "units = \"values\"",
       "unknown key 'units' in parameter 'block_size' (LESSON:12): expected name, symbol, kind, label, help, unit, "
       "minimum, maximum, step, logarithmic, default"},
      {"label = { en = \"Block size\", zh = \"块大小\" }", "",
       "missing key 'label' in parameter 'block_size' (LESSON:6): expected label = { en = \"...\", zh = \"...\" }"},
      {"minimum = 16", "minimum = \"16\"",
       "key 'minimum' is a text in parameter 'block_size' (LESSON:13): expected a number"},
      {"minimum = 16", "minimum = 16.5",
       "minimum 16.5 in parameter 'block_size' (LESSON:13): expected a whole number, since kind is integer"},
      {"minimum = 16", "", "missing key 'minimum' in parameter 'block_size' (LESSON:6): expected minimum = a number"},
      {"minimum = 16", "minimum = 5000",
       "minimum 5000 above maximum 4096 in parameter 'block_size' (LESSON:13): expected minimum <= maximum"},
      {"minimum = 16", "minimum = 0",
       "logarithmic scale from minimum 0 in parameter 'block_size' (LESSON:16): expected a minimum above 0"},
      {"maximum = 10", "maximum = inf",
       "infinite 'maximum' in parameter 'sigma' (LESSON:24): expected a finite number"},
      {"maximum = 10", "maximum = nan",
       "key 'maximum' is not a number in parameter 'sigma' (LESSON:24): expected a number"},
      {"step = 16", "step = 0", "step 0 in parameter 'block_size' (LESSON:15): expected more than 0"},
      {"logarithmic = true", "logarithmic = 1",
       "key 'logarithmic' is a whole number in parameter 'block_size' (LESSON:16): expected true or false"},
      {"default = 64", "default = 8",
       "default '8' in parameter 'block_size' (LESSON:17): use a whole number from 16 to 4096"},
      {"default = 64", "default = \"64\"",
       "default '64' in parameter 'block_size' (LESSON:17): use a whole number from 16 to 4096"},
      {"default = 64", "",
       "missing key 'default' in parameter 'block_size' (LESSON:6): expected default = the value it starts with"},
      {"default = \"fp32\"", "default = \"fp8\"",
       "default 'fp8' in parameter 'constants' (LESSON:32): use one of fp32, fp16"},
      {"{ id = \"fp16\",", "{ id = \"fp32\",",
       "empty or repeated id 'fp32' in choice 2 of parameter 'constants' (LESSON:31): expected a different id for "
       "each"},
      {"default = false", "default = false\nminimum = 0",
       "unknown key 'minimum' in parameter 'sorted' (LESSON:39): expected name, symbol, kind, label, help, default"},
      {"[[parameters]]\nname = \"source\"", "[[parameter]]\nname = \"source\"",
       "unknown key 'parameter' in the lesson (LESSON:40): expected schema, experiment, title, summary, parameters, "
       "scenarios"},
      {"name = \"default\"", "name = \"first\"",
       "the first scenario is 'first' (LESSON:47): expected name = \"default\", without a 'set'"},
      {"name = \"default\"", "name = \"default\"\nset = { sigma = 2 }",
       "the first scenario is 'default' with a 'set' (LESSON:47): expected name = \"default\", without a 'set'"},
      {"name = \"wide\"", "name = \"default\"",
       "second name 'default' in scenario 2 of the lesson (LESSON:55): expected a different name for each"},
      {"block = 128", "blocks = 128",
       "unknown parameter 'blocks' in 'set' of scenario 'wide' (LESSON:57): use one of block_size (block), sigma, "
       "constants, sorted, source"},
      {"block = 128", "block = 8",
       "block_size is '8' in 'set' of scenario 'wide' (LESSON:57): use a whole number from 16 to 4096"},
      {"source = \"laplace\"", "source = \"lapalce\"",
       "tensor is 'lapalce' in 'set' of scenario 'wide' (LESSON:57): use normal, laplace, student_t, uniform or "
       "outliers; trained; "
       "numbers such as 0.5, -1.2; or FILE#NAME of a safetensors file, or an npy file"},
      {"block = 128", "block = \"128\"",
       "block = \"128\" in 'set' of scenario 'wide' (LESSON:57): expected it without quotes"},
      {"block = 128", "block = 128, block_size = 64",
       "second value 'block_size' in 'set' of scenario 'wide' (LESSON:57): expected one value of block_size"},
      {"block = 128", "block = [128]",
       "key 'block' is a list in 'set' of scenario 'wide' (LESSON:57): expected a number, a text in quotes, true or "
       "false"},
      {"equals = 64", "",
       "neither equals nor a bound in expectation 1 of scenario 'default' (LESSON:50): expected equals (with "
       "tolerance), "
       "or at_least, at_most or both"},
      {"equals = 64", "equals = 64\nat_least = 1",
       "both equals and a bound in expectation 1 of scenario 'default' (LESSON:50): expected equals (with tolerance), "
       "or at_least, at_most or both"},
      {"equals = 64", "equals = nan",
       "key 'equals' is not a number in expectation 1 of scenario 'default' (LESSON:51): expected a number"},
      {"at_least = 300", "at_least = 340",
       "at_least 340 above at_most 330 in expectation 1 of scenario 'wide' (LESSON:60): expected at_least <= at_most"},
      {"at_least = 300", "tolerance = 3",
       "tolerance without equals in expectation 1 of scenario 'wide' (LESSON:60): expected equals beside it"},
      {"tolerance = 0.5", "tolerance = -0.5",
       "tolerance -0.5 in expectation 2 of scenario 'wide' (LESSON:66): expected 0 or more"},
      {"value = \"half\"", "value = \"product\"",
       "second value 'product' in expectation 2 of scenario 'wide' (LESSON:64): expected one entry a value"},
      {"source = { en = \"half of it\", zh = \"一半\" }", "",
       "missing key 'source' in expectation 2 of scenario 'wide' (LESSON:63): expected source = { en = \"...\", zh = "
       "\"...\" }"},
      {"name = \"wide\"", "name = \"wide\"\nexpects = 1",
       "unknown key 'expects' in scenario 'wide' (LESSON:56): expected name, title, set, expect"},
  }));
  const auto lesson = load_small(folder / "small", replaced(small_lesson_toml, mistake.from, mistake.to));
  REQUIRE_FALSE(lesson);
  CHECK(lesson.error().code == Errc::bad_file);
  CHECK(lesson.error().message() == replaced(mistake.message, "LESSON", (folder / "small/lesson.toml").string()));
}

TEST_CASE("a lesson without scenarios is refused", "[lessons][engine]") {
  const TemporaryFolder folder;
  const auto lesson =
      load_small(folder / "small", small_lesson_toml.substr(0, small_lesson_toml.find("[[scenarios]]")));
  REQUIRE_FALSE(lesson);
  CHECK(lesson.error().what == "no [[scenarios]] in the lesson");
}

TEST_CASE("malformed TOML, broken UTF-8 and missing files say where", "[lessons][engine]") {
  const TemporaryFolder folder;
  const auto path = folder / "small";
  const auto malformed = load_small(path, replaced(small_lesson_toml, "kind = \"integer\"", "kind = \"integer"));
  REQUIRE_FALSE(malformed);
  CHECK(malformed.error().what == "malformed TOML");
  CHECK(malformed.error().where == (path / "lesson.toml").string() + ":9");
  const auto broken = load_small(path, replaced(small_lesson_toml, "Spread",
                                                "Spr\xff"
                                                "ad"));
  REQUIRE_FALSE(broken);
  CHECK(broken.error().message() ==
        "byte 0xff is not UTF-8 (" + (path / "lesson.toml").string() + ":22): save the file as UTF-8");
  write_lesson(path, small_lesson_toml);
  put(path / "zh.md", "# 小\n\n\xc3(\n");
  const auto text = lessons::load_lesson(path, {}, small_experiments);
  REQUIRE_FALSE(text);
  CHECK(text.error().message() ==
        "byte 0xc3 is not UTF-8 (" + (path / "zh.md").string() + ":3): save the file as UTF-8");
  for (const char* name : {"en.md", "zh.md", "lesson.toml"}) {
    write_lesson(path, small_lesson_toml);
    std::filesystem::remove(path / name);
    const auto missing = lessons::load_lesson(path, {}, small_experiments);
    REQUIRE_FALSE(missing);
    CHECK(missing.error().code == Errc::not_found);
    CHECK(missing.error().message() ==
          std::string(name) + " is missing (" + (path / name).string() + "): write this file");
  }
}

TEST_CASE("a folder where a file should be cannot be read", "[lessons][engine]") {
  const TemporaryFolder folder;
  std::filesystem::create_directories(folder / "small/lesson.toml");
  const auto lesson = lessons::load_lesson(folder / "small", {}, small_experiments);
  REQUIRE_FALSE(lesson);
  CHECK(lesson.error().message() ==
        "cannot read lesson.toml (" + (folder / "small/lesson.toml").string() + "): Is a directory");
}

TEST_CASE("whatever is done to a lesson.toml, it loads or says where it is wrong", "[lessons][engine][property]") {
  const TemporaryFolder folder;
  const auto path = write_lesson(folder / "small", small_lesson_toml);
  std::minstd_rand random(7);
  const auto below = [&](std::size_t count) { return random() % count; };
  const std::string_view pieces[] = {"\"", "[",  "]",     "]]", "{",   "}",       "=",    "\n",      "#",
                                     ",",  "''", "1e999", "-0", "nan", "\\u0000", "\xff", "default", "[[scenarios]]",
                                     "x",  " "};
  int refused = 0;
  for (int i = 0; i < 1500; ++i) {
    std::string toml(small_lesson_toml);
    for (std::size_t change = 0; change <= below(3); ++change) {
      const std::size_t place = below(toml.size());
      if (below(2) == 0) {
        toml.erase(place, 1 + below(40));
      } else {
        toml.insert(place, pieces[below(std::size(pieces))]);
      }
    }
    put(path / "lesson.toml", toml);
    const auto lesson = lessons::load_lesson(path, {}, small_experiments);
    if (lesson) continue;
    ++refused;
    CAPTURE(toml);
    CHECK(lesson.error().where.starts_with((path / "lesson.toml").string() + ":"));
    CHECK_FALSE(lesson.error().what.empty());
    CHECK(lesson.error().message().find('\n') == std::string::npos);
  }
  CHECK(refused > 1000);
}

constexpr const char* teachers_toml = R"(schema = 1
experiment = "small"
title = { en = "Mine", zh = "我的" }
summary = { en = "Mine.", zh = "我的。" }
[[parameters]]
name = "block_size"
default = 32
maximum = 128
[[parameters]]
name = "constants"
choices = [ { id = "fp16" } ]
default = "fp16"
[[scenarios]]
name = "default"
title = { en = "Defaults", zh = "默认" }
)";

std::vector<Lesson> built_in_small(const TemporaryFolder& folder) {
  const auto lesson = load_small(folder / "02-small", small_lesson_toml);
  REQUIRE(lesson);
  return {*lesson};
}

TEST_CASE("a teacher's lesson inherits the parameters and changes only the keys it gives", "[lessons][engine]") {
  const TemporaryFolder folder;
  const auto lesson = load_small(folder / "mine", teachers_toml, built_in_small(folder));
  REQUIRE(lesson);
  CHECK_FALSE(lesson->built_in);
  REQUIRE(lesson->parameters.size() == 5);
  const ParameterSpec& block = lesson->parameters[0];
  CHECK((block.minimum == 16 && block.maximum == 128 && std::get<double>(block.fallback) == 32));
  CHECK((block.symbol == "block" && block.label.en == "Block size" && block.logarithmic));
  REQUIRE(lesson->parameters[2].choices.size() == 1);
  CHECK(lesson->parameters[2].choices[0].label.zh == "fp16");
}

TEST_CASE("a teacher's lesson cannot widen, add or turn a parameter into another kind", "[lessons][engine]") {
  const TemporaryFolder folder;
  const auto mistake = GENERATE(values<Mistake>({
      {"maximum = 128", "maximum = 8192",
       "maximum 8192 in parameter 'block_size' (LESSON:8): expected at most 4096, the experiment's own maximum"},
      {"maximum = 128", "minimum = 8",
       "minimum 8 in parameter 'block_size' (LESSON:8): expected at least 16, the experiment's own minimum"},
      {"default = 32\nmaximum = 128", "maximum = 32",
       "default '64' in parameter 'block_size' (LESSON:5): use a whole number from 16 to 32"},
      {"name = \"block_size\"", "name = \"size\"",
       "unknown name 'size' in parameter 'size' (LESSON:6): expected a parameter of the experiment: block_size, sigma, "
       "constants, sorted, source"},
      {"default = 32", "kind = \"number\"",
       "changed kind 'number' in parameter 'block_size' (LESSON:7): leave the key 'kind' out: it is inherited"},
      {"id = \"fp16\"", "id = \"int8\"",
       "unknown choice 'int8' in choice 1 of parameter 'constants' (LESSON:11): expected some of fp32, fp16"},
      {"choices = [ { id = \"fp16\" } ]", "choices = []",
       "no choices in parameter 'constants' (LESSON:11): expected choices = [ { id = \"...\", label = { en = \"...\", "
       "zh "
       "= \"...\" } } ]"},
  }));
  const auto lesson =
      load_small(folder / "mine", replaced(teachers_toml, mistake.from, mistake.to), built_in_small(folder));
  REQUIRE_FALSE(lesson);
  CHECK(lesson.error().message() == replaced(mistake.message, "LESSON", (folder / "mine/lesson.toml").string()));
}

TEST_CASE("the lessons of a folder come in the order of their numbers, with ids of their own", "[lessons][engine]") {
  const TemporaryFolder folder;
  for (const char* name : {"10-last", "02-first", "05-middle"}) write_lesson(folder / name, small_lesson_toml);
  std::filesystem::create_directory(folder / "engine");
  const auto all = lessons::load_lessons(folder.path(), {}, small_experiments);
  REQUIRE(all);
  REQUIRE(all->size() == 3);
  CHECK((all->at(0).id == "first" && all->at(1).id == "middle" && all->at(2).id == "last"));
  write_lesson(folder / "11-first", small_lesson_toml);
  const auto twice = lessons::load_lessons(folder.path(), {}, small_experiments);
  REQUIRE_FALSE(twice);
  CHECK(twice.error().what == "a second lesson 'first'");
  CHECK(twice.error().where == (folder / "11-first").string());
}

TEST_CASE("a folder without lessons says what one needs", "[lessons][engine]") {
  const TemporaryFolder folder;
  const auto none = lessons::load_lessons(folder.path(), {}, small_experiments);
  REQUIRE_FALSE(none);
  CHECK(none.error().code == Errc::not_found);
  CHECK_FALSE(lessons::load_lessons(folder / "missing", {}, small_experiments));
}

}  // namespace
