#include "host/refinement/refinements.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "kindred/error.hpp"

namespace kindred::host {
namespace {
using nlohmann::json;
using ::testing::AllOf;
using ::testing::HasSubstr;

std::string refusal(const RefinementTexts& texts) {
  try {
    read_refinements(texts);
  } catch (const Error& error) {
    return error.what();
  }
  return "nothing was thrown";
}

RefinementTexts rerank(const std::string& text) { return {0, 0, "", {text}}; }

TEST(Refinements, are_read_with_their_defaults) {
  const auto found = read_refinements({64, 32, "int8", {"alpha_qe:k=7", "k_reciprocal:lambda=0.5,k1=30"}});
  EXPECT_EQ(refinements_json(found), json::parse(R"({
    "cut": 64, "whiten": 32, "codes": {"kind": "int8", "rescore": 100}, "alpha_qe": {"k": 7, "alpha": 3.0},
    "k_reciprocal": {"k1": 30, "k2": 6, "lambda": 0.5, "depth": 200}})"));
  EXPECT_THAT(refinements_text(found), AllOf(HasSubstr("cut 64"), HasSubstr("k_reciprocal:depth=200,k1=30")));
  EXPECT_TRUE(found.any());
  EXPECT_TRUE(found.change_rows());
}

TEST(Refinements, nothing_asked_for_is_nothing_done) {
  const auto found = read_refinements({});
  EXPECT_FALSE(found.any());
  EXPECT_EQ(refinements_json(found), json::object());
  EXPECT_EQ(refinements_text(found), "");
}

TEST(Refinements, average_expansion_is_that_with_alpha_0) {
  const auto found = read_refinements(rerank("average_qe:k=3"));
  EXPECT_EQ(found.expansion->k, 3);
  EXPECT_EQ(found.expansion->alpha, 0);
  EXPECT_FALSE(found.change_rows());
}

TEST(Refinements, codes_take_how_many_are_scored_again) {
  const auto found = read_refinements({0, 0, "binary:rescore=0", {}});
  EXPECT_EQ(found.codes, CodeKind::binary);
  EXPECT_EQ(found.code_options.rescore, 0);
}

TEST(Refinements, mistakes_are_named_with_what_there_is) {
  EXPECT_THAT(refusal(rerank("alpha_eq")),
              AllOf(HasSubstr("did you mean alpha_qe"), HasSubstr("k_reciprocal")));
  EXPECT_THAT(refusal(rerank("alpha_qe:kk=5")), AllOf(HasSubstr("--rerank alpha_qe"), HasSubstr("kk")));
  EXPECT_THAT(refusal(rerank("alpha_qe:k=0")), AllOf(HasSubstr("k: "), HasSubstr("1")));
  EXPECT_THAT(refusal(rerank("alpha_qe:k=2.5")), HasSubstr("k: "));
  for (const auto* text : {"alpha_qe:k", "alpha_qe:", "alpha_qe:k=", "alpha_qe:=5", "alpha_qe:k=five",
                           "alpha_qe:k=5,", "alpha_qe:k=[1]", "alpha_qe:k=\"5\""})
    EXPECT_THAT(refusal(rerank(text)), HasSubstr("key=number")) << text;
  EXPECT_THAT(refusal(rerank("alpha_qe:k=5,k=6")), HasSubstr("gives k twice"));
  EXPECT_THAT(refusal(rerank("average_qe:alpha=2")), HasSubstr("take alpha_qe"));
  EXPECT_THAT(refusal({0, 0, "", {"alpha_qe", "average_qe"}}), HasSubstr("twice"));
  EXPECT_THAT(refusal({0, 0, "", {"k_reciprocal", "k_reciprocal"}}), HasSubstr("twice"));
  EXPECT_THAT(refusal({0, 0, "int4", {}}), AllOf(HasSubstr("--codes"), HasSubstr("int8, binary")));
  EXPECT_THAT(refusal({-3, 0, "", {}}), AllOf(HasSubstr("--cut"), HasSubstr("-3")));
  EXPECT_THAT(refusal({0, -1, "", {}}), AllOf(HasSubstr("--whiten"), HasSubstr("-1")));
}

}  // namespace
}  // namespace kindred::host
