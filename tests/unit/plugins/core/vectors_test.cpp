#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "component.hpp"
#include "kindred/dataset.hpp"
#include "kindred/encoder.hpp"
#include "kindred/io/npy.hpp"

namespace kindred {
namespace {
namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class Vectors : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::temp_directory_path() / ("kindred_vectors_" + std::to_string(::getpid()));
    fs::create_directories(folder_);
    rows_ = at::arange(12).reshape({4, 3});
  }
  void TearDown() override { fs::remove_all(folder_); }
  std::string path(const char* name) const { return (folder_ / name).string(); }
  std::shared_ptr<Dataset> make() {
    return testing::make<Dataset>("core", "kindred.vectors",
                                  {{"embeddings", path("x.npy")}, {"labels", path(labels_.c_str())}});
  }
  std::string thrown() {
    try {
      make();
    } catch (const std::exception& error) {
      return error.what();
    }
    return "nothing was thrown";
  }
  fs::path folder_;
  std::string labels_ = "y.txt";
  at::Tensor rows_;
};

TEST_F(Vectors, of_any_float_type_with_labels_as_text_or_array) {
  std::ofstream(path("y.txt")) << "3\n\n1\n 2\n3\r\n";
  EXPECT_THAT(thrown(), HasSubstr("x.npy"));
  for (const auto type : {at::kHalf, at::kFloat, at::kDouble}) {
    write_npy(path("x.npy"), rows_.to(type));
    std::ofstream(path("y.txt")) << "3\n\n1\n2 \n3\r\n";
    const auto dataset = make();
    EXPECT_THAT(dataset->labels(), ElementsAre(3, 1, 2, 3));
    EXPECT_TRUE(at::equal(dataset->read(2), rows_[2].to(at::kFloat)));
    EXPECT_EQ(dataset->matrix().scalar_type(), type);
  }
  labels_ = "y.npy";
  write_npy(path("y.npy"), at::tensor(std::vector<int64_t>{0, 1, 0, 1}, at::kInt));
  EXPECT_THAT(make()->labels(), ElementsAre(0, 1, 0, 1));
}

TEST_F(Vectors, say_what_is_wrong_and_where) {
  write_npy(path("x.npy"), rows_.to(at::kFloat));
  std::ofstream(path("y.txt")) << "1\n2\n";
  EXPECT_THAT(thrown(), HasSubstr("has 2 labels"));
  std::ofstream(path("y.txt")) << std::string(
      "\xFF\xFE"
      "1\0\n\0",
      6);
  EXPECT_THAT(thrown(), HasSubstr("UTF-16"));
  write_npy(path("x.npy"), rows_.to(at::kLong));
  EXPECT_THAT(thrown(), HasSubstr("float16, float32 or float64"));
}

TEST_F(Vectors, take_words_for_labels_as_tables_do) {
  write_npy(path("x.npy"), rows_.to(at::kFloat));
  std::ofstream(path("y.txt")) << "\xEF\xBB\xBFzebra\r\n the ant \r\nzebra\r\nbee\r\n";
  const auto dataset = make();
  EXPECT_THAT(dataset->labels(), ElementsAre(2, 1, 2, 0));
  EXPECT_THAT(dataset->class_names(), ElementsAre("bee", "the ant", "zebra"));
  EXPECT_TRUE(dataset->notes().empty());
  std::ofstream(path("y.txt")) << "1\n2\nthree\n2.0\n";
  EXPECT_THAT(make()->class_names(), ElementsAre("1", "2", "2.0", "three"));
  EXPECT_THAT(make()->notes().at(0).text, HasSubstr("\"2\" (line 2) and \"2.0\" (line 4)"));
}

/// A .npy file as numpy.save writes it.
void write_array(const std::string& path, const std::string& dtype, const std::string& shape,
                 const std::string& items) {
  std::string text = "{'descr': '" + dtype + "', 'fortran_order': False, 'shape': (" + shape + "), }";
  text.resize(117, ' ');
  std::ofstream(path, std::ios::binary) << std::string("\x93NUMPY\x01\x00\x76\x00", 10) << text << '\n'
                                        << items;
}

/// Words as "<U" holds them.
std::string wide(const std::vector<std::u32string>& words, size_t letters) {
  std::string items;
  for (auto word : words) {
    word.resize(letters, U'\0');
    for (const char32_t code : word) {
      for (int shift = 0; shift < 32; shift += 8) items += static_cast<char>((code >> shift) & 0xFF);
    }
  }
  return items;
}

TEST_F(Vectors, take_words_of_arrays_for_labels) {
  write_npy(path("x.npy"), rows_.to(at::kFloat));
  labels_ = "y.npy";
  write_array(path("y.npy"), "<U5", "4,", wide({U"zebra", U"\u00e4 \U0001F41D", U"", U"zebra"}, 5));
  const auto dataset = make();
  EXPECT_THAT(dataset->labels(), ElementsAre(0, 1, -1, 0));
  EXPECT_THAT(dataset->class_names(), ElementsAre("zebra", "\u00e4 \U0001F41D"));
  EXPECT_THAT(dataset->notes().at(0).text, HasSubstr("1 of 4 rows have no label (row 2)"));
  write_array(path("y.npy"), "|S3", "4,", std::string("ab\0abcab\0b\0\0", 12));
  EXPECT_THAT(make()->class_names(), ElementsAre("ab", "abc", "b"));
  EXPECT_TRUE(make()->notes().empty());
  write_array(path("y.npy"), "|S2", "4,",
              "\xE9"
              "aab\xE9"
              "aab");
  EXPECT_THAT(make()->labels(), ElementsAre(1, 0, 1, 0));
  EXPECT_THAT(make()->notes().at(0).text, HasSubstr("no UTF-8; write numpy.char.decode"));
  write_array(path("y.npy"), "<U2", "4,", wide({U"7", U"-1", U"7", U"12"}, 2));
  EXPECT_THAT(make()->labels(), ElementsAre(7, -1, 7, 12)) << "integers stay what they are";
}

TEST_F(Vectors, say_what_an_array_of_labels_holds_and_how_to_write_it) {
  write_npy(path("x.npy"), rows_.to(at::kFloat));
  labels_ = "y.npy";
  write_npy(path("y.npy"), at::zeros({4, 1}, at::kLong));
  EXPECT_THAT(thrown(), HasSubstr("y.npy holds (4, 1) of int64, expected a label for each row: (N) integers "
                                  "or words; write labels.ravel()"));
  write_npy(path("y.npy"), at::zeros({4}, at::kFloat));
  EXPECT_THAT(thrown(), HasSubstr("holds (4) of float32"));
  EXPECT_THAT(thrown(), HasSubstr("labels.astype(int)"));
  write_array(path("y.npy"), "|O", "4,", std::string(64, '\x80'));
  EXPECT_THAT(thrown(), HasSubstr("numpy.save(path, numpy.asarray(words, dtype=str))"));
  write_array(path("y.npy"), "<U1", "4, 1", wide({U"a", U"b", U"a", U"b"}, 1));
  EXPECT_THAT(thrown(), HasSubstr("words in 2 dimensions, expected one; write array.ravel()"));
  write_array(path("y.npy"), ">U1", "4,", wide({U"a", U"b", U"a", U"b"}, 1));
  EXPECT_THAT(thrown(), HasSubstr("big-endian"));
  write_array(path("y.npy"), "<U1", "4,", wide({U"a", U"b", U"a"}, 1));
  EXPECT_THAT(thrown(), HasSubstr("is truncated"));
  write_array(path("y.npy"), "<U1", "4,", wide({U"a", {0x110000}, U"a", U"b"}, 1));
  EXPECT_THAT(thrown(), HasSubstr("the word of row 1 is no text"));
  write_array(path("y.npy"), "<U2", "4,", wide({U"a", U"b", std::u32string(U"\0a", 2), U"b"}, 2));
  EXPECT_THAT(thrown(), HasSubstr("the word of row 2 is no text"));
  for (const auto* dtype : {"<U0", "|S0", "|S99999999999999999999"}) {
    write_array(path("y.npy"), dtype, "999999999999999999,", "");
    EXPECT_THAT(thrown(), HasSubstr("expected words of 1 to")) << dtype;
  }
}

TEST_F(Vectors, a_blank_line_is_a_row_without_a_label_where_rows_would_lack_one) {
  write_npy(path("x.npy"), rows_.to(at::kFloat));
  std::ofstream(path("y.txt")) << "5\n\n5\n7\n\n";
  const auto dataset = make();
  EXPECT_THAT(dataset->labels(), ElementsAre(5, -1, 5, 7));
  EXPECT_THAT(dataset->notes().at(0).text, HasSubstr("1 of 4 rows have no label (line 2)"));
  std::ofstream(path("y.txt")) << "5\n-1\n5\n\n";
  EXPECT_THAT(make()->labels(), ElementsAre(5, -1, 5, -1));
  EXPECT_THAT(make()->notes().at(0).text, HasSubstr("2 of 4 rows have no label (lines 2, 4)"));
  EXPECT_TRUE(make()->notes().at(0).loses_samples);
}

TEST_F(Vectors, rows_with_the_label_minus_one_are_counted_and_named) {
  write_npy(path("x.npy"), rows_.to(at::kFloat));
  labels_ = "y.npy";
  write_npy(path("y.npy"), at::tensor({5, -1, 5, -1}, at::kLong));
  const auto notes = make()->notes();
  ASSERT_EQ(notes.size(), 1u);
  EXPECT_THAT(notes[0].text, HasSubstr("2 of 4 rows have the label -1, which is none (rows 1, 3)"));
  EXPECT_TRUE(notes[0].loses_samples);
  write_npy(path("y.npy"), at::tensor({-1, -1, -1, -1}, at::kLong));
  EXPECT_TRUE(make()->notes().empty()) << "embedding needs no labels";
}

TEST_F(Vectors, pass_the_identity_encoder_unchanged) {
  const auto encoder = testing::make<Encoder>("core", "kindred.identity");
  EXPECT_TRUE(at::equal(encoder->encode({rows_.to(at::kFloat), {}}), rows_.to(at::kFloat)));
  EXPECT_EQ(encoder->dimension(), 0);
}

}  // namespace
}  // namespace kindred
