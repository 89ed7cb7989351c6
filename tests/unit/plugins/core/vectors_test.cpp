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
  std::ofstream(path("y.txt")) << "1\n2\nthree\n4\n";
  EXPECT_THAT(thrown(), HasSubstr("y.txt, line 3"));
  write_npy(path("x.npy"), rows_.to(at::kLong));
  EXPECT_THAT(thrown(), HasSubstr("float16, float32 or float64"));
}

TEST_F(Vectors, pass_the_identity_encoder_unchanged) {
  const auto encoder = testing::make<Encoder>("core", "kindred.identity");
  EXPECT_TRUE(at::equal(encoder->encode({rows_.to(at::kFloat), {}}), rows_.to(at::kFloat)));
  EXPECT_EQ(encoder->dimension(), 0);
}

}  // namespace
}  // namespace kindred
