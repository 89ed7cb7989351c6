#include "files/numbered_labels.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kindred {
namespace {
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Words = std::vector<std::optional<std::string>>;

TEST(NumberedLabels, integers_stay_what_they_are_also_beside_entries_without_a_label) {
  const auto found = numbered_if_given({"70", {}, "3", "70"}, "t.csv", "rows", {2, 3, 4, 5});
  EXPECT_THAT(found.labels, ElementsAre(70, -1, 3, 70));
  EXPECT_THAT(found.names, IsEmpty());
  ASSERT_EQ(found.notes.size(), 1U);
  EXPECT_EQ(found.notes[0].text,
            "t.csv: 1 of 4 rows have no label (line 3); they are neither trained on nor measured");
  EXPECT_TRUE(found.notes[0].loses_samples);
}

TEST(NumberedLabels, words_are_numbered_by_name_and_what_lacks_one_is_counted) {
  Words words = {"zebra", "ant"};
  words.resize(7);
  const auto found = numbered_if_given(words, "t", "samples");
  EXPECT_THAT(found.labels, ElementsAre(1, 0, -1, -1, -1, -1, -1));
  EXPECT_THAT(found.names, ElementsAre("ant", "zebra"));
  EXPECT_THAT(found.notes.at(0).text, HasSubstr("5 of 7 samples have no label (samples 2, 3, 4 and 2 more)"));
  const auto none = numbered_if_given(Words(2), "t", "lines");
  EXPECT_THAT(none.labels, ElementsAre(-1, -1));
  EXPECT_THAT(none.notes, IsEmpty()) << "a list without labels is asked for none";
}

TEST(NumberedLabels, two_spellings_of_one_number_are_told) {
  const auto notes = numbered_if_given({"3", "3.0", "4", "4"}, "t", "rows", {2, 3, 4, 5}).notes;
  ASSERT_EQ(notes.size(), 1U);
  EXPECT_EQ(
      notes[0].text,
      "t: the labels \"3\" (line 2) and \"3.0\" (line 3) are two spellings of one number and two classes; "
      "write each number in one way");
  EXPECT_FALSE(notes[0].loses_samples);
  EXPECT_THAT(numbered_if_given({"7", "07"}, "t", "rows").notes.at(0).text, HasSubstr("one class"));
  EXPECT_THAT(numbered_if_given({"01", "02", "10"}, "t", "rows").notes, IsEmpty());
  EXPECT_THAT(numbered_if_given({"a", "b", "10", "11"}, "t", "rows").notes, IsEmpty());
}

TEST(NumberedLabels, words_that_programs_write_for_missing_values_and_slips_are_told) {
  EXPECT_THAT(numbered_if_given({"a", "b", "NaN", "NaN"}, "t", "rows").notes.at(0).text,
              HasSubstr("the label \"NaN\" (row 2) is a class of 2; where it means that there is no label"));
  Words words(40, "7");
  words[12] = "seven";
  EXPECT_THAT(numbered_if_given(words, "t", "rows").notes.at(0).text,
              HasSubstr("1 of 40 labels are no numbers, such as \"seven\" (row 12)"));
}

TEST(NumberedLabels, blanks_are_no_part_of_a_label) {
  EXPECT_EQ(label_word(" the ant\t\r"), "the ant");
  EXPECT_EQ(label_word("\t "), std::nullopt);
  EXPECT_EQ(label_word(""), std::nullopt);
}

}  // namespace
}  // namespace kindred
