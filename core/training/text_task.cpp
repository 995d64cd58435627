#include "core/training/text_task.hpp"

#include <fmt/format.h>

#include <array>

#include "core/base/check.hpp"
#include "core/tensor/philox.hpp"

namespace qlab::training {
namespace {

struct Word {
  const char* en;
  const char* zh;
};

constexpr std::array<Word, 6> sizes = {
    {{"small", "小"}, {"big", "大"}, {"old", "老"}, {"young", "年轻的"}, {"quick", "快乐的"}, {"tired", "疲倦的"}}};
constexpr std::array<Word, 8> animals = {{{"cat", "猫"},
                                          {"dog", "狗"},
                                          {"bird", "鸟"},
                                          {"horse", "马"},
                                          {"fox", "狐狸"},
                                          {"rabbit", "兔子"},
                                          {"bear", "熊"},
                                          {"duck", "鸭子"}}};
constexpr std::array<Word, 4> verbs = {{{"sees", "看见"}, {"finds", "找到"}, {"wants", "想要"}, {"paints", "画"}}};
constexpr std::array<Word, 6> colours = {
    {{"red", "红色"}, {"blue", "蓝色"}, {"green", "绿色"}, {"white", "白色"}, {"black", "黑色"}, {"yellow", "黄色"}}};
constexpr std::array<Word, 6> things = {
    {{"boat", "船"}, {"house", "房子"}, {"ball", "球"}, {"lamp", "灯"}, {"hat", "帽子"}, {"door", "门"}}};
constexpr std::array<Word, 4> places = {{{"near the river", "在河边"},
                                         {"in the garden", "在花园里"},
                                         {"by the road", "在路旁"},
                                         {"on the hill", "在山上"}}};

/// The words of one sentence, and which language it is in.
struct Scene {
  bool chinese;
  Word size, animal, verb, colour, thing, place;
  bool asks_colour;

  const char* in(const Word& word) const { return chinese ? word.zh : word.en; }
  std::string text() const {
    if (chinese) {
      return fmt::format("{}{}{}{}{}的{}。", size.zh, animal.zh, place.zh, verb.zh, colour.zh, thing.zh);
    }
    return fmt::format("The {} {} {} a {} {} {}.", size.en, animal.en, verb.en, colour.en, thing.en, place.en);
  }
};

Scene scene(std::uint64_t seed, std::uint64_t index) {
  const auto low = static_cast<std::uint32_t>(index);
  const auto high = static_cast<std::uint32_t>(index >> 32);
  const PhiloxBlock a = philox4x32_10({{low, high, 0x7363656eU, 0}}, seed);
  const PhiloxBlock b = philox4x32_10({{low, high, 0x7363656eU, 1}}, seed);
  const auto pick = [](const auto& words, std::uint32_t bits) { return words[bits % words.size()]; };
  return {b.word[2] % 2 == 1,       pick(sizes, a.word[0]),  pick(animals, a.word[1]), pick(verbs, a.word[2]),
          pick(colours, a.word[3]), pick(things, b.word[0]), pick(places, b.word[1]),  b.word[3] % 2 == 0};
}

/// Where the sentences of a batch's row begin in the endless text.
std::uint64_t first_index(std::int64_t step, std::int64_t count, std::int64_t row) {
  return (static_cast<std::uint64_t>(step) * static_cast<std::uint64_t>(count) + static_cast<std::uint64_t>(row)) << 8;
}

std::int32_t byte_of(char c) { return static_cast<unsigned char>(c); }

}  // namespace

std::string sentence(std::uint64_t seed, std::uint64_t index) { return scene(seed, index).text(); }

Batch sentence_batch(std::int64_t count, std::int64_t length, std::uint64_t seed, std::int64_t step) {
  Batch batch{count, length, {}, {}};
  for (std::int64_t row = 0; row < count; ++row) {
    std::uint64_t index = first_index(step, count, row);
    std::string text;
    while (static_cast<std::int64_t>(text.size()) < length) text += sentence(seed, index++) + "\n";
    for (std::int64_t t = 0; t < length; ++t) batch.ids.push_back(byte_of(text[static_cast<std::size_t>(t)]));
  }
  batch.labels = batch.ids;
  return batch;
}

Sample question(std::uint64_t seed, std::uint64_t index) {
  const Scene all = scene(seed, index);
  const std::string asked = all.asks_colour ? (all.chinese ? fmt::format("{}是什么颜色？", all.thing.zh)
                                                           : fmt::format("What colour is the {}? ", all.thing.en))
                                            : (all.chinese ? fmt::format("谁{}{}？", all.verb.zh, all.thing.zh)
                                                           : fmt::format("Who {} the {}? ", all.verb.en, all.thing.en));
  return {all.text() + "\n" + asked, std::string(all.in(all.asks_colour ? all.colour : all.animal)) + "\n"};
}

Batch question_batch(std::int64_t count, std::uint64_t seed, std::int64_t step) {
  Batch batch{count, longest_sample, {}, {}};
  for (std::int64_t row = 0; row < count; ++row) {
    const Sample one = question(seed, first_index(step, count, row));
    const std::string text = one.prompt + one.answer;
    QLAB_CHECK(static_cast<std::int64_t>(text.size()) <= longest_sample);
    for (std::size_t t = 0; t < static_cast<std::size_t>(longest_sample); ++t) {
      const bool inside = t < text.size();
      batch.ids.push_back(inside ? byte_of(text[t]) : 0);
      batch.labels.push_back(inside && t >= one.prompt.size() ? byte_of(text[t]) : ignored_label);
    }
  }
  return batch;
}

}  // namespace qlab::training
