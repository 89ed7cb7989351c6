#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <memory>

#include "host_process.hpp"
#include "kindred/inference.hpp"
#include "kindred/random.hpp"
#include "small_pipeline.hpp"

namespace kindred {
namespace {
using ::testing::HasSubstr;

/// A picture of noise around a grey that belongs to it.
struct MadePicture {
  int64_t height, width;
  std::vector<uint8_t> rgb;

  MadePicture(int number, int64_t height, int64_t width) : height(height), width(width) {
    Random random(static_cast<uint64_t>(number), 1);
    for (int64_t i = 0; i < 3 * height * width; ++i)
      rgb.push_back(static_cast<uint8_t>(60 + 15 * (number % 8) + random.uniform(-50, 50)));
  }
  std::string ppm() const {
    return "P6\n" + std::to_string(width) + " " + std::to_string(height) + "\n255\n" +
           std::string(rgb.begin(), rgb.end());
  }
};

/// A model of pictures, untrained, which takes them in any size.
class PictureInputs : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = std::make_unique<testing::TemporaryFolder>("inference_pictures");
    for (int c = 0; c < 4; ++c) {
      std::filesystem::create_directories(folder_->path() / "photos" / std::to_string(c));
      for (int i = 0; i < 4; ++i) {
        write_file_atomically(*folder_ / ("photos/" + std::to_string(c) + "/" + std::to_string(i) + ".ppm"),
                              MadePicture(4 * c + i, 24, 24).ppm());
      }
    }
    testing::write_pipeline(*folder_, nlohmann::json::parse(R"({
      "kindred": 1, "name": "pictures",
      "data": {"dataset": {"type": "image_folder", "root": "photos"}, "transforms": [{"type": "normalize"}],
               "split": {"train": {"fraction": 0.5}, "validation": "none", "test": "rest"}},
      "model": {"encoders": {"image": {"type": "resnet", "variant": "resnet18", "width": 8}}, "head": {"type": "l2_normalize"}},
      "cache": {"type": "cpu"}, "evaluate": {"metrics": [{"type": "r_precision"}]}})"));
    const auto result = testing::run_host(*folder_, {"run", "pipeline.json", "--quiet", "--output", "run"});
    ASSERT_EQ(result.code, 0) << result.error;
  }
  static void TearDownTestSuite() { folder_.reset(); }

  static SimilarityModel load(int64_t batch_size = 32) {
    SimilarityModel::Options options;
    options.batch_size = batch_size;
    return SimilarityModel::load(*folder_ / "run", options);
  }
  static std::string file() { return *folder_ / "photos/1/2.ppm"; }

  static std::unique_ptr<testing::TemporaryFolder> folder_;
};
std::unique_ptr<testing::TemporaryFolder> PictureInputs::folder_;

TEST_F(PictureInputs, are_the_same_as_file_bytes_and_pixels) {
  const auto model = load();
  ASSERT_EQ(model.fields().size(), 1U);
  EXPECT_EQ(model.fields()[0].kind, "image");
  const MadePicture made(6, 24, 24);
  const auto bytes = read_file(file());
  const auto found = model.encode({Input::file(file()), Input::bytes(bytes, "request"), Input::bytes(bytes),
                                   Input::image(made.rgb, 24, 24), Input::image(made.rgb.data(), 24, 24),
                                   Input::record({{"", Input::file(file())}})});
  ASSERT_TRUE(found.errors.empty()) << found.errors.front().message;
  for (size_t row = 1; row < found.count; ++row) {
    for (size_t d = 0; d < found.dimension; ++d) EXPECT_NEAR(found.row(row)[d], found.row(0)[d], 1e-6) << row;
  }
}

TEST_F(PictureInputs, of_several_sizes_may_come_together) {
  std::vector<Input> inputs;
  for (int i = 0; i < 12; ++i) {
    const MadePicture made(i, 24 + 8 * (i % 3), 40);
    inputs.push_back(Input::image(made.rgb, made.height, made.width));
  }
  const auto together = load().encode(inputs);
  ASSERT_TRUE(together.errors.empty()) << together.errors.front().message;
  const auto alone = load(1).encode(inputs);
  for (size_t i = 0; i < together.values.size(); ++i) EXPECT_NEAR(together.values[i], alone.values[i], 1e-6);
}

TEST_F(PictureInputs, that_are_bad_cost_no_other_its_row) {
  const auto model = load();
  const auto bytes = read_file(file());
  const MadePicture made(3, 24, 24);
  const auto found =
      model.encode({Input::file(file()), Input::bytes("no picture", "request 7"), Input::bytes(""),
                    Input::file(*folder_ / "absent.jpg"), Input::image(made.rgb, 24, 23),
                    Input::image(nullptr, 24, 24), Input::image(made.rgb, int64_t{1} << 62, 24),
                    Input::text("a car"), Input::bytes(bytes.substr(0, 3), "cut"), Input::file(file())});
  const std::pair<size_t, const char*> expected[] = {{1, "request 7 is no picture"},
                                                     {2, "the picture is empty"},
                                                     {3, "absent.jpg"},
                                                     {4, "a picture of 24 x 23 pixels"},
                                                     {5, "but 0 were given"},
                                                     {6, "needs three bytes for each"},
                                                     {7, "reads a picture here, but the input is a text"},
                                                     {8, "cut"}};
  ASSERT_EQ(found.errors.size(), std::size(expected));
  for (size_t i = 0; i < std::size(expected); ++i) {
    EXPECT_EQ(found.errors[i].index, expected[i].first);
    EXPECT_THAT(found.errors[i].message, HasSubstr(expected[i].second));
    EXPECT_TRUE(std::isnan(found.row(expected[i].first)[0]));
  }
  for (size_t d = 0; d < found.dimension; ++d) EXPECT_NEAR(found.row(9)[d], found.row(0)[d], 1e-6);
  EXPECT_FALSE(std::isnan(found.row(0)[0]));
}

TEST_F(PictureInputs, with_their_mirror_images_give_the_mean_of_both) {
  const auto model = load();
  const MadePicture made(6, 20, 24);
  auto mirrored = made.rgb;
  for (size_t y = 0; y < 20; ++y) {
    for (size_t x = 0; x < 24; ++x) {
      for (size_t c = 0; c < 3; ++c) mirrored[3 * (24 * y + x) + c] = made.rgb[3 * (24 * y + 23 - x) + c];
    }
  }
  const auto picture = Input::image(made.rgb, 20, 24);
  const auto both = model.encode({picture, Input::image(mirrored, 20, 24)});
  const auto mean = model.encode({picture}, true);
  ASSERT_TRUE(mean.errors.empty() && both.errors.empty());
  double apart = 0;
  for (size_t d = 0; d < mean.dimension; ++d) {
    EXPECT_NEAR(mean.row(0)[d], (both.row(0)[d] + both.row(1)[d]) / 2, 1e-6);
    apart = std::max<double>(apart, std::abs(both.row(0)[d] - both.row(1)[d]));
  }
  EXPECT_GT(apart, 1e-4) << "the mirror image of this picture must be another";
}

TEST_F(PictureInputs, give_what_the_command_embed_gives) {
  const auto result = testing::run_host(
      *folder_, {"embed", "--quiet", "--model", "run", "--output", "e.npy", "photos/2", "photos/0"});
  ASSERT_EQ(result.code, 0) << result.error;
  const auto rows = map_npy(*folder_ / "e.npy");
  std::vector<Input> inputs;
  for (const int c : {2, 0}) {
    for (int i = 0; i < 4; ++i)
      inputs.push_back(
          Input::file(*folder_ / ("photos/" + std::to_string(c) + "/" + std::to_string(i) + ".ppm")));
  }
  const auto found = load().encode(inputs);
  ASSERT_EQ(rows.size(0), static_cast<int64_t>(found.count));
  for (size_t i = 0; i < found.values.size(); ++i)
    EXPECT_NEAR(rows.data_ptr<float>()[i], found.values[i], 1e-6);
}

}  // namespace
}  // namespace kindred
