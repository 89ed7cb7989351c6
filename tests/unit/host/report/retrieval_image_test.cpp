#include "host/report/retrieval_image.hpp"

#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <png.h>

#include <set>

#include "host/report/small_font.hpp"
#include "kindred/error.hpp"
#include "made_dataset.hpp"
#include "temporary_folder.hpp"

namespace kindred::host {
namespace {

// Of retrieval_image.cpp: cells of 150 x 112 in frames of 5 with two lines of text of 10, gaps of 6, and 24
// between the groups; above them a line of text.
constexpr int64_t kCellWidth = 150 + 10 + 6, kCellHeight = 112 + 10 + 20 + 6, kFirst = 6, kTitle = 22,
                  kGroupGap = 24;

/// Two classes; sample i is a picture of one colour, that of its number, and sample 3 cannot be read.
class Colours final : public Dataset {
 public:
  ObjectKind object_kind() const override { return ObjectKind::image; }
  int64_t size() const override { return static_cast<int64_t>(labels_.size()); }
  const std::vector<int64_t>& labels() const override { return labels_; }
  at::Tensor read(int64_t index) const override {
    if (index == 3) throw Error("broken");
    return at::full({40, 30, 3}, 10 * index, at::kByte);
  }
  std::string sample_name(int64_t index) const override { return std::to_string(index); }
  std::string fingerprint() const override { return "colours"; }

 private:
  std::vector<int64_t> labels_ = {0, 0, 0, 0, 1, 1, 1, 1};
};

at::Tensor read_png(const std::string& path) {
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  if (png_image_begin_read_from_file(&image, path.c_str()) == 0) throw Error(image.message);
  image.format = PNG_FORMAT_RGB;
  auto pixels = at::empty({image.height, image.width, 3}, at::kByte);
  if (png_image_finish_read(&image, nullptr, pixels.data_ptr(), 0, nullptr) == 0) throw Error(image.message);
  return pixels;
}

std::vector<int> pixel(const at::Tensor& picture, int64_t y, int64_t x) {
  const auto* at = picture.data_ptr<uint8_t>() + (y * picture.size(1) + x) * 3;
  return {at[0], at[1], at[2]};
}

/// Says whether a line of text has letters.
bool has_ink(const at::Tensor& picture, int64_t top, int64_t left) {
  return picture.slice(0, top, top + 7).slice(1, left, left + 160).eq(kInk).any().item<bool>();
}

TEST(RetrievalPicture, frames_what_is_right_green_and_what_is_wrong_red) {
  const testing::TemporaryFolder folder("retrieval_image");
  const Colours dataset;
  const auto rows = all_samples(8);
  RetrievalTask task;
  task.labels = at::tensor(dataset.labels(), at::kLong);
  // Base mixes the classes: the nearest of i is i + 4. Tuned tells them apart.
  const auto angles = at::arange(8, at::kFloat);
  const auto base_angle = at::remainder(angles, 4) + (angles >= 4).to(at::kFloat) * 0.01;
  const auto tuned_angle = (angles >= 4).to(at::kFloat) * 2 + angles * 0.01;
  const auto on_circle = [](const at::Tensor& angle) { return at::stack({angle.cos(), angle.sin()}, 1); };
  const RetrievalShown shown{dataset, rows, task, on_circle(base_angle), on_circle(tuned_angle), 3};
  write_retrieval_image(folder / "retrieval.png", shown, 0);

  const auto picture = read_png(folder / "retrieval.png");
  const auto found = shown_queries(shown);
  ASSERT_EQ(found.queries.size(), 8U);
  EXPECT_EQ(std::set<int64_t>(found.queries.begin(), found.queries.end()).size(), 8U);
  ASSERT_EQ(picture.size(0), 8 * kCellHeight + kTitle);
  ASSERT_EQ(picture.size(1), 11 * kCellWidth + 2 * kGroupGap + kFirst);
  const std::vector<int> grey = {150, 150, 150}, green = {30, 170, 60}, red = {215, 45, 45};
  for (int64_t q = 0; q < 8; ++q) {
    const auto query = found.queries[static_cast<size_t>(q)];
    const int64_t top = kTitle + q * kCellHeight;
    const auto centre = [&](int64_t left) { return pixel(picture, top + 61, left + 80)[0]; };
    EXPECT_EQ(pixel(picture, top, kFirst), grey);
    EXPECT_EQ(centre(kFirst), query == 3 ? 0 : 10 * query);
    for (int64_t k = 0; k < 5; ++k) {
      const int64_t base_left = kFirst + kCellWidth + kGroupGap + k * kCellWidth;
      const int64_t tuned_left = base_left + 5 * kCellWidth + kGroupGap;
      const auto base = found.base.rows[q][k].item<int64_t>(), tuned = found.tuned.rows[q][k].item<int64_t>();
      EXPECT_NE(base, query);
      EXPECT_EQ(pixel(picture, top, base_left), base / 4 == query / 4 ? green : red);
      EXPECT_EQ(pixel(picture, top, tuned_left), tuned / 4 == query / 4 ? green : red);
      EXPECT_EQ(centre(tuned_left), tuned == 3 ? 0 : 10 * tuned);
    }
    EXPECT_TRUE(has_ink(picture, top + 125, kFirst)) << "the class of the query stands below it";
    EXPECT_FALSE(has_ink(picture, top + 135, kFirst)) << "a query has no distance";
    EXPECT_TRUE(has_ink(picture, top + 135, kFirst + kCellWidth + kGroupGap));
    EXPECT_EQ(pixel(picture, top, kFirst + kCellWidth + kGroupGap), red)
        << "base finds the other class first";
    EXPECT_EQ(pixel(picture, top, kFirst + 6 * kCellWidth + 2 * kGroupGap), green);
  }
}

TEST(SmallFont, cuts_what_is_too_wide_and_shows_question_marks_for_what_it_lacks) {
  const auto drawn = [](const std::string& text, int64_t width) {
    auto canvas = at::full({9, 80, 3}, 255, at::kByte);
    draw_text(canvas, text, 1, 2, width);
    return canvas;
  };
  EXPECT_TRUE(drawn("caf\xC3\xA9", 70).equal(drawn("caf?", 70)));
  EXPECT_TRUE(drawn("a long name", 41).equal(drawn("a lon..", 70))) << "seven characters are 41 wide";
  EXPECT_TRUE(drawn("", 70).equal(drawn("abc", 3)));
  const auto letter = drawn("|", 70).select(2, 0).ne(255).nonzero();
  EXPECT_EQ(letter.size(0), 7);
  EXPECT_TRUE(letter.select(1, 1).eq(4).all().item<bool>()) << "a bar in the middle of five columns";
}

}  // namespace
}  // namespace kindred::host
