#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>

#include "component.hpp"
#include "kindred/encoder.hpp"
#include "kindred/io/file.hpp"
#include "temporary_folder.hpp"
#include "text_batch.hpp"

namespace kindred {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using testing::TemporaryFolder;
using testing::text_batch;
using testing::thrown;

const std::string kFolder = std::string(KINDRED_TEST_SOURCE) + "/tests/unit/plugins/fasttext/";

std::shared_ptr<Encoder> encoder(const std::string& model,
                                 const std::vector<std::string>& aggregations = {"avg"}) {
  return testing::make<Encoder>("fasttext", "kindred.fasttext",
                                {{"model", model}, {"aggregations", aggregations}});
}

/// From a file in `folder` with these bytes.
std::shared_ptr<Encoder> encoder_of(const TemporaryFolder& folder, const std::string& bytes) {
  std::ofstream(folder / "model.bin", std::ios::binary) << bytes;
  return encoder(folder / "model.bin");
}

at::Tensor rows(const nlohmann::json& lists) {
  std::vector<at::Tensor> out;
  for (const auto& list : lists) out.push_back(at::tensor(list.get<std::vector<double>>(), at::kDouble));
  return at::stack(out);
}

void expect_near(const at::Tensor& found, const at::Tensor& expected) {
  ASSERT_EQ(found.sizes(), expected.sizes());
  EXPECT_LE((found.to(at::kDouble) - expected).abs().max().item<double>(), 1e-6) << found << expected;
}

TEST(FastText, gives_what_gensim_gives) {
  const auto golden = nlohmann::json::parse(read_file(kFolder + "golden.json"));
  const auto texts = text_batch(golden["texts"].get<std::vector<std::string>>());
  for (const char* name : {"avg", "min", "max"}) {
    expect_near(encoder(kFolder + "words.bin", {name})->encode(texts), rows(golden[name]));
  }
  const auto together = encoder(kFolder + "words.bin", {"max", "avg"});
  EXPECT_EQ(together->object_kind(), ObjectKind::text);
  EXPECT_EQ(together->dimension(), 8);
  EXPECT_EQ(together->parameters().size() + together->buffers().size(), 0u);
  expect_near(together->encode(texts), at::cat({rows(golden["max"]), rows(golden["avg"])}, 1));
}

TEST(FastText, leaves_out_words_without_a_vector_and_labels) {
  const auto classifier = encoder(kFolder + "classifier.bin");  // without n-grams
  const auto out = classifier->encode(
      text_batch({"red car", "lorry red __label__1 car unseen", "lorry unseen", "__label__0"}));
  EXPECT_TRUE(out[0].equal(out[1]));
  EXPECT_GT(out[0].abs().max().item<double>(), 0);
  EXPECT_TRUE(out.slice(0, 2).eq(0).all().item<bool>());
}

TEST(FastText, refuses_what_is_no_model) {
  const TemporaryFolder folder{"fasttext"};
  const auto said_of = [&](const std::string& bytes) { return thrown([&] { encoder_of(folder, bytes); }); };
  EXPECT_THAT(thrown([&] { encoder(folder / "none.bin"); }), HasSubstr("none.bin"));
  EXPECT_THAT(said_of("a few words"),
              AllOf(HasSubstr("model.bin is not a model"), HasSubstr("begin like one")));
  const auto whole = read_file(kFolder + "words.bin");
  EXPECT_THAT(said_of(whole + "more"), HasSubstr("4 bytes follow"));
  auto changed = whole;
  changed[8 + 10 * 4] = 33;
  EXPECT_THAT(said_of(changed), HasSubstr("maxn is 33, expected 0 to 32"));
  changed = whole;
  changed.replace(whole.find('\0', 92) + 1, sizeof(int64_t), sizeof(int64_t), '\0');  // behind the first word
  EXPECT_THAT(said_of(changed), HasSubstr("how often a word was seen is 0, expected 1"));
  EXPECT_THAT(thrown([&] { encoder(kFolder + "words.bin", {}); }), HasSubstr("aggregations"));
}

TEST(FastText, names_the_word_or_bucket_whose_vector_is_not_finite) {
  const TemporaryFolder folder{"fasttext"};
  const auto whole = read_file(kFolder + "words.bin");
  constexpr size_t kWords = 34, kBuckets = 50, kRow = 4 * sizeof(float), kHead = 1 + 2 * sizeof(int64_t);
  const auto vectors =
      whole.size() - kHead - kWords * kRow - (kWords + kBuckets) * kRow;  // before the outputs
  const auto said_of = [&](size_t row, float value) {
    auto damaged = whole;
    damaged.replace(vectors + row * kRow + sizeof value, sizeof value, reinterpret_cast<const char*>(&value),
                    sizeof value);
    return thrown([&] { encoder_of(folder, damaged); });
  };
  EXPECT_THAT(said_of(2, NAN), HasSubstr("the vector of the word \"red\" holds a number that is not finite"));
  EXPECT_THAT(said_of(kWords + 7, INFINITY),
              HasSubstr("the vector of the n-grams in bucket 7 holds a number"));
}

TEST(FastText, refuses_a_model_cut_off_anywhere) {
  const TemporaryFolder folder{"fasttext"};
  const auto whole = read_file(kFolder + "words.bin");
  for (size_t length = 0; length < whole.size(); ++length) {
    ASSERT_THAT(thrown([&] { encoder_of(folder, whole.substr(0, length)); }), HasSubstr("is not a model"))
        << length;
  }
}

TEST(FastText, survives_any_wrong_byte) {
  const TemporaryFolder folder{"fasttext"};
  const auto texts = text_batch({"a red car", "redder q"});
  for (const char* name : {"words.bin", "classifier.bin"}) {
    const auto whole = read_file(kFolder + name);
    int refused = 0;
    for (size_t place = 0; place < whole.size(); ++place) {
      for (const char value : {'\0', '\x01', '\x7f', '\xff'}) {
        auto damaged = whole;
        damaged[place] = value;
        try {
          encoder_of(folder, damaged)->encode(texts);
        } catch (const std::exception&) {
          ++refused;
        }
      }
    }
    EXPECT_GT(refused, 300) << name;
  }
}

}  // namespace
}  // namespace kindred
