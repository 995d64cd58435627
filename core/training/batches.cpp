#include "core/training/batches.hpp"

#include <fmt/format.h>

#include <cstring>

#include "core/base/mapped_file.hpp"
#include "core/tensor/philox.hpp"
#include "core/tensor/tensor_file.hpp"
#include "core/training/safetensors_file.hpp"

namespace qlab::training {

Batch BatchTensor::batch(std::int64_t step) const {
  const auto first = ids.begin() + step * count * length;
  std::vector<std::int32_t> part(first, first + count * length);
  return {count, length, part, part};
}

Result<BatchTensor> load_batches(const std::filesystem::path& file, const ModelConfig& config) {
  const auto opened = open_tensor_file(file);
  if (!opened) return opened.error();
  const auto found = opened->find("batches");
  if (!found) return found.error();
  const TensorView& view = **found;
  if (view.dtype != Dtype::i32 || view.shape.size() != 3 || view.size() == 0) {
    return Error{Errc::bad_file, fmt::format("'batches' is {} {}", name_of(view.dtype), text_of_shape(view.shape)),
                 file.string(), "it must be I32 [steps, batch, sequence]"};
  }
  BatchTensor batches{view.shape[0], view.shape[1], view.shape[2], {}};
  if (batches.length < 2) {
    return Error{Errc::bad_file, "a sequence of 'batches' has one token", file.string(), "use two or more"};
  }
  batches.ids.resize(static_cast<std::size_t>(view.size()));
  std::memcpy(batches.ids.data(), view.bytes.data(), view.bytes.size());
  for (std::size_t i = 0; i < batches.ids.size(); ++i) {
    if (batches.ids[i] >= 0 && batches.ids[i] < config.vocab_size) continue;
    return Error{Errc::bad_file, fmt::format("token {} of 'batches' is {}", i, batches.ids[i]), file.string(),
                 fmt::format("the model's vocabulary has 0 to {}", config.vocab_size - 1)};
  }
  return batches;
}

Batch Corpus::batch(std::int64_t count, std::int64_t length, std::uint64_t seed, std::int64_t step) const {
  Batch batch{count, length, {}, {}};
  const auto places = bytes.size() - static_cast<std::size_t>(length) + 1;
  for (std::int64_t i = 0; i < count; ++i) {
    const PhiloxBlock bits =
        philox4x32_10({{static_cast<std::uint32_t>(step), static_cast<std::uint32_t>(i), 0x636f7270U, 0}}, seed);
    const std::size_t place = (std::uint64_t{bits.word[0]} << 32 | bits.word[1]) % places;
    for (std::int64_t t = 0; t < length; ++t) {
      batch.ids.push_back(static_cast<unsigned char>(bytes[place + static_cast<std::size_t>(t)]));
    }
  }
  batch.labels = batch.ids;
  return batch;
}

Result<Done> check_corpus(const Corpus& corpus, std::int64_t length) {
  if (static_cast<std::int64_t>(corpus.bytes.size()) >= length) return Done{};
  return Error{Errc::bad_argument, fmt::format("the corpus has {} bytes, a sequence {}", corpus.bytes.size(), length),
               corpus.name, "use a longer text or a smaller --sequence"};
}

Result<Done> check_byte_tokens(const ModelConfig& config, const std::string& text) {
  if (config.vocab_size >= 256) return Done{};
  return Error{Errc::bad_argument, fmt::format("the model's vocabulary has {} tokens", config.vocab_size), text,
               "a text is taken byte by byte: use a model with 256 or more"};
}

Result<Corpus> load_corpus(const std::filesystem::path& file) {
  const auto opened = MappedFile::open(file);
  if (!opened) return opened.error();
  const auto bytes = opened->bytes();
  return Corpus{file.string(), {reinterpret_cast<const char*>(bytes.data()), bytes.size()}};
}

}  // namespace qlab::training
