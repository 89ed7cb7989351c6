#include "kindred/params.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "temporary_folder.hpp"

namespace kindred {
namespace {
using ::testing::AllOf;
using ::testing::HasSubstr;

struct Example {
  double margin = 0.25;
  int64_t k = 3;
  bool soft = false;
  std::string mining = "hard";
  std::vector<double> mean = {0.5};
  std::string root;
  static void describe(Schema<Example>& schema) {
    schema.field("margin", &Example::margin).doc("Gap.").range(0, 1).unit("px");
    schema.field("k", &Example::k).doc("Count.").minimum(1);
    schema.field("soft", &Example::soft).doc("Soft.");
    schema.field("mining", &Example::mining).doc("Which.").one_of({"all", "hard"});
    schema.field("mean", &Example::mean).doc("Means.").range(-1, 1);
    schema.field("root", &Example::root).doc("Folder.").path().required();
  }
};

std::string message(const std::string& text) {
  return testing::thrown([&] { Schema<Example>::get().parse(text); });
}

TEST(Params, absent_keys_keep_their_defaults_and_given_ones_are_read) {
  const auto params = Schema<Example>::get().parse(R"({"root": "a", "margin": 1, "mean": [0.1, -0.2]})");
  EXPECT_EQ(params.margin, 1.0);
  EXPECT_EQ(params.k, 3);
  EXPECT_EQ(params.mining, "hard");
  EXPECT_THAT(params.mean, ::testing::ElementsAre(0.1, -0.2));
}

TEST(Params, every_problem_is_named_at_once) {
  const auto text = message(R"({"margn": 0.1, "k": 0, "soft": "yes", "mining": "hrad", "mean": [0.1, 4]})");
  EXPECT_THAT(text, AllOf(HasSubstr("margn"), HasSubstr("did you mean"), HasSubstr("margin")));
  EXPECT_THAT(text, AllOf(HasSubstr("k"), HasSubstr("soft"), HasSubstr("hrad"), HasSubstr("root")));
  EXPECT_THAT(text, HasSubstr("element 1 of \"mean\""));
}

TEST(Params, types_are_not_converted_behind_the_back) {
  EXPECT_THAT(message(R"({"root": "a", "k": 2.5})"), HasSubstr("k"));
  EXPECT_THAT(message(R"({"root": "a", "k": "2"})"), HasSubstr("k"));
  EXPECT_THAT(message(R"({"root": 5})"), HasSubstr("root"));
  EXPECT_THAT(message(R"([1])"), HasSubstr("object"));
  EXPECT_THAT(message(R"({"root": )"), ::testing::Not(HasSubstr("nothing was thrown")));
}

TEST(Params, the_schema_says_all_that_was_declared) {
  const auto schema = Schema<Example>::get().to_json();
  EXPECT_EQ(schema["additionalProperties"], false);
  EXPECT_EQ(schema["required"], nlohmann::json::array({"root"}));
  EXPECT_EQ(schema["properties"]["margin"]["default"], 0.25);
  EXPECT_EQ(schema["properties"]["margin"]["maximum"], 1.0);
  EXPECT_EQ(schema["properties"]["margin"]["description"], "Gap.");
  EXPECT_EQ(schema["properties"]["mining"]["enum"], nlohmann::json::array({"all", "hard"}));
  EXPECT_EQ(schema["properties"]["mean"]["items"]["minimum"], -1.0);
  EXPECT_FALSE(schema["properties"]["root"].contains("default"));
}

enum class Mining { all, hard, semi_hard };

struct Common {
  Mining mining = Mining::hard;
  int64_t k = 3;
};

struct WithEnum : Common {
  Mining other = Mining::all;
  static void describe(Schema<WithEnum>& schema) {
    schema.field("mining", &WithEnum::mining).doc("Which.").one_of({"all", "hard", "semi_hard"});
    schema.field("other", &WithEnum::other).doc("Which.").one_of({"all", "hard", "semi_hard"});
    schema.field("k", &WithEnum::k).doc("Count.").minimum(1);
  }
};

TEST(Params, an_enum_is_read_by_the_names_of_its_values_also_in_a_base) {
  EXPECT_EQ(Schema<WithEnum>::get().parse("{}").mining, Mining::hard);
  const auto params = Schema<WithEnum>::get().parse(R"({"mining": "semi_hard", "k": 7})");
  EXPECT_EQ(params.mining, Mining::semi_hard);
  EXPECT_EQ(params.other, Mining::all);
  EXPECT_EQ(params.k, 7);
  const auto schema = Schema<WithEnum>::get().to_json();
  EXPECT_EQ(schema["properties"]["mining"]["type"], "string");
  EXPECT_EQ(schema["properties"]["mining"]["default"], "hard") << "by its name";
  EXPECT_THAT(testing::thrown([&] { Schema<WithEnum>::get().parse(R"({"mining": "hrad"})"); }),
              AllOf(HasSubstr("hrad"), HasSubstr("semi_hard")));
  EXPECT_THAT(testing::thrown([&] { Schema<WithEnum>::get().parse(R"({"mining": 1})"); }),
              HasSubstr("mining"));
}

TEST(Params, suggestions_are_close_or_absent) {
  EXPECT_EQ(closest_name("margn", {"margin", "mining"}), "margin");
  EXPECT_EQ(closest_name("zzzzzz", {"margin", "mining"}), "");
}

}  // namespace
}  // namespace kindred
