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

TEST_F(Vectors, a_blank_line_is_a_row_without_a_label_where_rows_would_lack_one) {
  write_npy(path("x.npy"), rows_.to(at::kFloat));
  std::ofstream(path("y.txt")) << "5\n\n5\n7\n\n";
  const auto dataset = make();
  EXPECT_THAT(dataset->labels(), ElementsAre(5, -1, 5, 7));
  EXPECT_THAT(dataset->notes().at(0).text, HasSubstr("1 of 4 rows have no label (line 2)"));
  std::ofstream(path("y.txt")) << "5\n-1\n5\n\n";
  EXPECT_THAT(make()->labels(), ElementsAre(5, -1, 5, -1));
}

TEST_F(Vectors, pass_the_identity_encoder_unchanged) {
  const auto encoder = testing::make<Encoder>("core", "kindred.identity");
  EXPECT_TRUE(at::equal(encoder->encode({rows_.to(at::kFloat), {}}), rows_.to(at::kFloat)));
  EXPECT_EQ(encoder->dimension(), 0);
}

}  // namespace
}  // namespace kindred
