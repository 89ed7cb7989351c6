#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <thread>

#include "kindred/inference.hpp"
#include "kindred/io/file.hpp"
#include "kindred/io/npy.hpp"
#include "temporary_folder.hpp"

namespace kindred {
namespace {
using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string model_of_before(const std::string& name) {
  return std::string(KINDRED_TEST_MODELS) + "/v0_11/" + name;
}

json expected_of_before(const std::string& name) {
  return json::parse(read_file(model_of_before("expected.json")))[name];
}

SimilarityModel load(const std::string& name, int64_t batch_size = 32) {
  SimilarityModel::Options options;
  options.batch_size = batch_size;
  options.threads = 2;
  return SimilarityModel::load(model_of_before(name), options);
}

Input record(const json& fields) {
  return Input::record({{"numbers", Input::vector(fields["numbers"].get<std::vector<float>>())},
                        {"kind", Input::text(fields["kind"])},
                        {"label", Input::text("not read by the model")}});
}

/// Vectors that differ.
std::vector<Input> some_vectors(int count) {
  std::vector<Input> inputs;
  for (int i = 0; i < count; ++i) {
    std::vector<float> numbers;
    for (int d = 0; d < 5; ++d)
      numbers.push_back(std::sin(static_cast<float>(1 + i) * 0.7F + static_cast<float>(d)));
    inputs.push_back(Input::vector(numbers));
  }
  return inputs;
}

bool is_nan_row(const Embeddings& found, size_t row) {
  for (size_t d = 0; d < found.dimension; ++d) {
    if (!std::isnan(found.row(row)[d])) return false;
  }
  return true;
}

void expect_near(const Embeddings& found, const Embeddings& expected) {
  ASSERT_EQ(found.values.size(), expected.values.size());
  for (size_t i = 0; i < found.values.size(); ++i)
    EXPECT_NEAR(found.values[i], expected.values[i], 1e-6) << i;
}

TEST(SimilarityModel, loads_models_of_before_and_gives_what_they_gave) {
  for (const auto* name : {"vectors", "records"}) {
    const auto model = load(name);
    ASSERT_EQ(model.dimension(), 4) << name;
    std::vector<Input> inputs;
    const auto expected = expected_of_before(name);
    for (const auto& one : expected) {
      inputs.push_back(name == std::string("records")
                           ? record(one["input"])
                           : Input::vector(one["input"]["numbers"].get<std::vector<float>>()));
    }
    const auto found = model.encode(inputs);
    EXPECT_TRUE(found.errors.empty()) << found.errors.front().message;
    ASSERT_EQ(found.count, expected.size());
    ASSERT_EQ(found.dimension, 4U);
    for (size_t i = 0; i < found.count; ++i) {
      for (size_t d = 0; d < found.dimension; ++d)
        EXPECT_NEAR(found.row(i)[d], expected[i]["embedding"][d].get<float>(), 1e-6) << name << " " << i;
    }
  }
}

TEST(SimilarityModel, says_what_it_reads_and_what_it_is) {
  const auto model = load("records");
  const auto& fields = model.fields();
  ASSERT_EQ(fields.size(), 2U);
  EXPECT_EQ(fields[0].name, "kind");
  EXPECT_EQ(fields[0].kind, "text");
  EXPECT_EQ(fields[0].length, 0);
  EXPECT_EQ(fields[1].name, "numbers");
  EXPECT_EQ(fields[1].kind, "vector");
  EXPECT_EQ(fields[1].length, 5);
  const auto& card = model.card();
  EXPECT_EQ(card.name, "old_records");
  EXPECT_NEAR(card.metrics.at("tuned.r_precision"), 0.9222, 1e-4);
  EXPECT_NEAR(card.metrics.at("base.r_precision"), 0.9756, 1e-4);
  EXPECT_EQ(json::parse(card.manifest)["embedding_dimension"], 4);
  EXPECT_FALSE(card.kindred_version.empty());
  EXPECT_EQ(card.distance, "cosine") << "a model of before does not say it";
  EXPECT_FALSE(card.unit_length.has_value());
  std::vector<std::string> components;
  for (const auto& one : card.components)
    components.push_back(one.kind + " " + one.id + " " + one.version + " of " + one.plugin + " " +
                         one.plugin_version);
  EXPECT_THAT(components, ElementsAre("encoder kindred.one_hot 1.0.0 of kindred.core 0.11.0",
                                      "encoder kindred.identity 1.0.0 of kindred.core 0.11.0",
                                      "head kindred.projection 1.0.0 of kindred.core 0.11.0"));
}

TEST(SimilarityModel, keeps_the_order_and_does_not_depend_on_what_comes_together) {
  const auto inputs = some_vectors(70);
  const auto together = load("vectors", 64).encode(inputs);
  ASSERT_TRUE(together.errors.empty());
  for (const int64_t batch_size : {1, 7}) expect_near(load("vectors", batch_size).encode(inputs), together);
  const auto model = load("vectors");
  for (const size_t one : {0U, 33U, 69U}) {
    const auto alone = model.encode({inputs[one]});
    for (size_t d = 0; d < alone.dimension; ++d)
      EXPECT_NEAR(alone.row(0)[d], together.row(one)[d], 1e-6) << one;
  }
  std::vector<Input> reversed(inputs.rbegin(), inputs.rend());
  const auto backwards = model.encode(reversed);
  for (size_t d = 0; d < 4; ++d) EXPECT_NEAR(backwards.row(0)[d], together.row(69)[d], 1e-6);
  EXPECT_GT(std::abs(together.row(0)[0] - together.row(69)[0]), 1e-3) << "rows differ";
}

TEST(SimilarityModel, gives_bad_inputs_an_error_and_the_others_their_rows) {
  const auto model = load("vectors");
  const auto good = some_vectors(2);
  const auto alone = model.encode(good);
  const auto mixed =
      model.encode({Input::vector({1, 2, 3}), good[0], Input::text("words"), Input::file("/nowhere/x.npy"),
                    Input::vector({1, 2, std::nanf(""), 4, 5}), good[1], Input::bytes("\x89PNG", "upload"),
                    Input::image({1, 2, 3}, 1, 1), Input::vector({}), Input::record({{"", good[0]}}),
                    Input::record({{"other", good[0]}})});
  ASSERT_EQ(mixed.count, 11U);
  std::vector<std::pair<size_t, const char*>> expected = {
      {0, "has 3 numbers, but the model reads vectors of 5"},
      {2, "reads a vector here, but the input is a text"},
      {3, "/nowhere/x.npy"},
      {4, "its number 3 of 5 is nan, but all must be finite"},
      {6, "reads a vector here, but the input is encoded bytes"},
      {7, "reads a vector here, but the input is a picture"},
      {8, "has 0 numbers"},
      // The model that was trained on records knows the name of its field.
      {9, "has no field \"numbers\""},
      {10, "has no field \"numbers\""}};
  ASSERT_EQ(mixed.errors.size(), expected.size());
  for (size_t i = 0; i < expected.size(); ++i) {
    EXPECT_EQ(mixed.errors[i].index, expected[i].first);
    EXPECT_THAT(mixed.errors[i].message, HasSubstr(expected[i].second));
    EXPECT_TRUE(is_nan_row(mixed, expected[i].first)) << expected[i].first;
  }
  for (size_t d = 0; d < 4; ++d) {
    EXPECT_EQ(mixed.row(1)[d], alone.row(0)[d]);
    EXPECT_EQ(mixed.row(5)[d], alone.row(1)[d]);
  }
}

TEST(SimilarityModel, takes_records_in_parts_of_any_form) {
  const testing::TemporaryFolder folder("inference_records");
  const auto model = load("records");
  const auto expected = expected_of_before("records")[0];
  const auto numbers = expected["input"]["numbers"].get<std::vector<float>>();
  write_npy(folder / "numbers.npy", at::tensor(numbers, at::kFloat));
  write_npy(folder / "row.npy", at::tensor(numbers, at::kFloat).unsqueeze(0));
  write_npy(folder / "two.npy", at::zeros({2, 5}));
  write_file_atomically(folder / "kind.txt", expected["input"]["kind"].get<std::string>() + "\r\n");
  const auto kind = Input::file(folder / "kind.txt");
  const auto found = model.encode(
      {record(expected["input"]),
       Input::record({{"kind", kind}, {"numbers", Input::file(folder / "numbers.npy")}}),
       Input::record({{"kind", kind}, {"numbers", Input::file(folder / "row.npy")}}),
       Input::record({{"kind", kind}, {"numbers", Input::file(folder / "two.npy")}}),
       Input::record({{"kind", kind}}), Input::vector(numbers),
       Input::record({{"kind", Input::record({{"kind", kind}})}, {"numbers", Input::vector(numbers)}})});
  for (size_t row = 0; row < 3; ++row) {
    for (size_t d = 0; d < 4; ++d)
      EXPECT_NEAR(found.row(row)[d], expected["embedding"][d].get<float>(), 1e-6) << row;
  }
  ASSERT_EQ(found.errors.size(), 4U);
  EXPECT_THAT(found.errors[0].message, HasSubstr("must hold one vector"));
  EXPECT_THAT(found.errors[1].message,
              HasSubstr("has no field \"numbers\"; the model reads \"kind\" (text)"));
  EXPECT_THAT(found.errors[2].message, HasSubstr("give Input::record"));
  EXPECT_THAT(found.errors[3].message, HasSubstr("is a record itself"));
}

TEST(SimilarityModel, serves_several_threads_at_once) {
  const auto model = load("records", 5);
  std::vector<Input> inputs;
  for (int i = 0; i < 40; ++i)
    inputs.push_back(
        record({{"numbers", {0.1 * i, 1, -0.2 * i, 0.5, 2}}, {"kind", i % 3 == 0 ? "early" : "late"}}));
  inputs[11] = Input::text("no record");
  const auto expected = model.encode(inputs);
  std::vector<Embeddings> found(4);
  std::vector<std::thread> threads;
  for (auto& one : found) {
    threads.emplace_back([&] {
      for (int round = 0; round < 5; ++round) one = model.encode(inputs);
    });
  }
  for (auto& thread : threads) thread.join();
  for (const auto& one : found) {
    ASSERT_EQ(one.errors.size(), 1U);
    EXPECT_EQ(one.errors[0].index, 11U);
    for (size_t row = 0; row < inputs.size(); ++row) {
      for (size_t d = 0; row != 11 && d < 4; ++d) EXPECT_EQ(one.row(row)[d], expected.row(row)[d]);
    }
  }
}

TEST(SimilarityModel, is_told_by_what_it_is_and_not_by_its_place) {
  const testing::TemporaryFolder folder("inference_fingerprint");
  std::filesystem::copy(model_of_before("vectors"), folder / "moved");
  const auto moved = SimilarityModel::load(folder / "moved");
  EXPECT_EQ(moved.fingerprint().size(), 32U);
  EXPECT_EQ(moved.fingerprint(), load("vectors").fingerprint());
  EXPECT_NE(moved.fingerprint(), load("records").fingerprint());
  std::filesystem::remove_all(folder / "moved");
  EXPECT_THAT(testing::thrown([&] { moved.fingerprint(); }), HasSubstr("model.json"));
}

TEST(SimilarityModel, has_mirror_images_of_pictures_alone) {
  const auto said = testing::thrown([] { load("vectors").encode(some_vectors(1), true); });
  EXPECT_THAT(said, HasSubstr("mirror images are of pictures"));
  EXPECT_THAT(said, HasSubstr("reads vectors"));
}

TEST(SimilarityModel, of_no_input_gives_no_row_and_can_be_moved) {
  auto first = load("vectors");
  const auto none = first.encode({});
  EXPECT_EQ(none.count, 0U);
  EXPECT_EQ(none.dimension, 4U);
  EXPECT_TRUE(none.values.empty());
  EXPECT_TRUE(none.errors.empty());
  auto second = std::move(first);
  first = load("records");
  EXPECT_EQ(second.card().name, "old_vectors");
  EXPECT_EQ(first.card().name, "old_records");
  EXPECT_TRUE(second.encode(some_vectors(1)).errors.empty());
}

}  // namespace
}  // namespace kindred
