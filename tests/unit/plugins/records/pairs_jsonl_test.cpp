#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lines_dataset.hpp"

namespace kindred {
namespace {
using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::thrown;

TEST(PairsJsonlDataset, equal_objects_are_one_sample) {
  const LinesFolder folder("pairs_jsonl");
  const auto dataset = folder.made(R"({"obj_a": "cat", "obj_b": "kitten", "score": 0.75, "subgroup": 3}
{"obj_a": "car", "obj_b": "van"}
{"obj_a": "kitten", "obj_b": "tom", "score": 0}
{"obj_a": "tom", "obj_b": "cat", "score": 1, "subgroup": 5}
)");
  EXPECT_EQ(dataset->object_kind(), ObjectKind::text);
  EXPECT_EQ(dataset->fields().size(), 1U);
  EXPECT_EQ(dataset->size(), 5);
  EXPECT_EQ(text_of(dataset->read(1)), "kitten");
  EXPECT_EQ(text_of(dataset->read(4)), "tom");
  const auto pairs = dataset->pairs();
  ASSERT_TRUE(pairs.defined());
  EXPECT_TRUE(at::equal(pairs.rows, at::tensor({0, 1, 2, 3, 1, 4, 4, 0}, at::kLong).view({4, 2})));
  EXPECT_TRUE(at::equal(pairs.scores, at::tensor({0.75F, 1.0F, 0.0F, 1.0F})));
  EXPECT_TRUE(at::equal(pairs.subgroups, at::tensor({3, 0, 0, 5}, at::kLong)));
  EXPECT_THAT(dataset->labels(), ElementsAre(0, 0, 1, 1, 0)) << "what a chain of pairs connects";
  EXPECT_EQ(dataset->sample_name(1), "lines:1:b");
  EXPECT_EQ(dataset->sample_name(4), "lines:3:b");
}

TEST(PairsJsonlDataset, a_part_that_is_null_is_none) {
  const LinesFolder folder("pairs_jsonl");
  const auto dataset = folder.made(R"({"obj_a": {"t": "x", "v": null}, "obj_b": {"v": [1, 2]}}
{"obj_a": {"t": "x"}, "obj_b": {"t": null, "v": [1, 2]}}
)",
                                   {{"fields", {{"t", "text"}, {"v", "vector"}}}, {"optional", {"t", "v"}}});
  EXPECT_EQ(dataset->size(), 2);
  EXPECT_EQ(text_of(dataset->read_field(1, 0)), "");
  EXPECT_TRUE(at::equal(dataset->field_matrix(1), at::tensor({0.0F, 0.0F, 1.0F, 2.0F}).view({2, 2})));
}

TEST(PairsJsonlDataset, chains_that_meet_late_have_one_label) {
  const LinesFolder folder("pairs_jsonl");
  // x0-x1, x2-x3, ..., then the pairs are linked from the end; "z" stays alone.
  std::string lines = "{\"obj_a\": \"z\", \"obj_b\": \"z\"}\n";
  const auto line = [&](int a, int b) {
    lines += json{{"obj_a", "x" + std::to_string(a)}, {"obj_b", "x" + std::to_string(b)}}.dump() + "\n";
  };
  for (int i = 0; i < 100; i += 2) line(i, i + 1);
  for (int i = 98; i > 0; i -= 2) line(i, i - 1);
  const auto dataset = folder.made(lines);
  ASSERT_EQ(dataset->size(), 101);
  EXPECT_EQ(dataset->labels()[0], 0);
  for (size_t i = 1; i <= 100; ++i) EXPECT_EQ(dataset->labels()[i], 1);
}

TEST(PairsJsonlDataset, objects_may_be_records_and_keys_others) {
  const LinesFolder folder("pairs_jsonl");
  const auto dataset =
      folder.made(R"({"q": {"t": "a", "v": [1, 2]}, "d": {"v": [3, 4], "t": "b"}, "s": 0.5, "g": "x"}
{"q": {"v": [1, 2], "t": "a"}, "d": {"t": "c", "v": [5, 6]}, "g": "w"}
)",
                  {{"fields", {{"t", "text"}, {"v", "vector"}}},
                   {"a_key", "q"},
                   {"b_key", "d"},
                   {"score_key", "s"},
                   {"subgroup_key", "g"}});
  EXPECT_EQ(dataset->size(), 3) << "the order of keys does not matter";
  EXPECT_EQ(text_of(dataset->read(2)), "c");
  EXPECT_TRUE(at::equal(dataset->field_matrix(1), at::tensor({1.F, 2.F, 3.F, 4.F, 5.F, 6.F}).view({3, 2})));
  EXPECT_TRUE(at::equal(dataset->pairs().rows, at::tensor({0, 1, 0, 2}, at::kLong).view({2, 2})));
  EXPECT_TRUE(at::equal(dataset->pairs().subgroups, at::tensor({1, 0}, at::kLong)))
      << "words are numbered by name";
}

TEST(PairsJsonlDataset, texts_may_be_paths_of_pictures) {
  const LinesFolder folder("pairs_jsonl");
  folder.write_pixel("1.ppm", 1);
  folder.write_pixel("2.ppm", 9);
  const auto make = [&] {
    return folder.made(R"({"obj_a": "1.ppm", "obj_b": "2.ppm"})", {{"object", "image"}});
  };
#ifdef KINDRED_HAS_IMAGES
  const auto dataset = make();
  EXPECT_EQ(dataset->object_kind(), ObjectKind::image);
  EXPECT_TRUE(at::equal(dataset->read(1), at::tensor({9, 2, 3}).to(at::kByte).view({1, 1, 3})));
  const auto before = dataset->fingerprint();
  write_file_atomically(folder / "2.ppm", "no picture, and of another size");
  EXPECT_NE(dataset->fingerprint(), before) << "pictures count, too";
#else
  EXPECT_THAT(thrown(make),
              HasSubstr("the objects are pictures, and the plugin records was built without OpenCV"));
#endif
}

TEST(PairsJsonlDataset, says_when_all_pairs_hang_together_and_what_ties_them) {
  const LinesFolder folder("pairs_jsonl");
  const auto notes = folder
                         .made(R"({"obj_a": "hub", "obj_b": "x"}
{"obj_a": "y", "obj_b": "hub"}
{"obj_a": "y", "obj_b": "z"}
{"obj_a": "hub", "obj_b": "w"}
)")
                         ->notes();
  ASSERT_EQ(notes.size(), 1U);
  EXPECT_THAT(
      notes[0].text,
      HasSubstr(
          "all 5 objects of the 4 pairs hang together by chains of pairs, so they are one group, and no "
          "split can divide them; the object in most pairs is lines:1:a, in 3 pairs"));
  const auto most = folder
                        .made(R"({"obj_a": "a", "obj_b": "b"}
{"obj_a": "b", "obj_b": "c"}
{"obj_a": "x", "obj_b": "y"}
)")
                        ->notes();
  EXPECT_THAT(most.at(0).text,
              HasSubstr("3 of 5 objects hang together by chains of pairs in one of 2 groups"));
  const auto even =
      folder.made("{\"obj_a\": \"a\", \"obj_b\": \"b\"}\n{\"obj_a\": \"x\", \"obj_b\": \"y\"}\n");
  EXPECT_TRUE(even->notes().empty());
}

TEST(PairsJsonlDataset, counts_pairs_without_a_score_or_a_subgroup_beside_others) {
  const LinesFolder folder("pairs_jsonl");
  const auto dataset = folder.made(R"({"obj_a": "a", "obj_b": "b", "score": 0.5, "subgroup": 2}
{"obj_a": "c", "obj_b": "d", "score": null, "subgroup": ""}
{"obj_a": "e", "obj_b": "f", "subgroup": 2}
)");
  const auto notes = dataset->notes();
  ASSERT_EQ(notes.size(), 2U);
  EXPECT_THAT(notes[0].text, HasSubstr("2 of 3 pairs have no score, which counts as 1 (lines 2, 3)"));
  EXPECT_THAT(notes[1].text, HasSubstr("1 of 3 pairs have no subgroup, which counts as 0 (line 2)"));
  EXPECT_TRUE(at::equal(dataset->pairs().subgroups, at::tensor({2, 0, 2}, at::kLong)));
}

constexpr BrokenLines kBroken[] = {
    {"{\"obj_a\": \"x\", \"obj_b\": \"y\"}\n{\"obj_a\": \"x\"}\n", "{}",
     R"(lines.jsonl:2: has no "obj_b"; expected a pair such as {"obj_a": "...", "obj_b": "..."})"},
    {R"({"obj_a": "x", "obj_b": "y", "score": 3})", "{}",
     "lines.jsonl:1: \"score\" is 3, expected a number from 0 (dissimilar) to 1 (similar)"},
    {R"({"obj_a": "x", "obj_b": "y"})", R"({"optional": ["t"]})", "`fields` has to say which they have"},
    {R"({"obj_a": "x", "obj_b": "y", "score": -0.1})", "{}", "\"score\" is -0.1"},
    {R"({"obj_a": "x", "obj_b": "y", "score": "high"})", "{}", "\"score\" is \"high\""},
    {R"({"obj_a": "x", "obj_b": "y", "subgroup": 0.5})", "{}", "\"subgroup\" is no text and no integer"},
    {R"({"obj_a": "x", "obj_b": {"t": "y"}})", "{}",
     "\"obj_b\" is of the type object, expected a plain text"},
    {R"({"obj_a": "x", "obj_b": "y"})", R"({"fields": {"t": "text"}})",
     "\"obj_a\" is of the type string, expected an object with t"},
    {R"({"obj_a": 1, "obj_b": "y"})", "{}", "\"obj_a\" is of the type number"},
    {R"({"obj_a": [1], "obj_b": [2]})", R"({"fields": {"t": "text"}})", "\"obj_a\" is of the type array"},
    {R"({"obj_a": {"t": "x"}, "obj_b": {"u": "x"}})", R"({"fields": {"t": "text"}})",
     "lines.jsonl:1: \"obj_b\" has no \"t\""},
    {R"({"obj_a": {"t": 7}, "obj_b": {"t": "x"}})", R"({"fields": {"t": "text"}})",
     "\"obj_a\" \"t\" is 7, expected a text"},
    {"\n\n", "{}", "has no line; expected pairs such as"},
    {"{}", R"({"object": "vector"})", "object"},
    {"{}", R"({"fields": 3})", "pairs_jsonl: fields is 3; it must be an object"},
};

TEST(PairsJsonlDataset, says_what_is_wrong) {
  const LinesFolder folder("pairs_jsonl");
  for (const auto& one : kBroken)
    EXPECT_THAT(thrown([&] { folder.made(one.lines, json::parse(one.params)); }), HasSubstr(one.expected))
        << one.lines;
}

}  // namespace
}  // namespace kindred
