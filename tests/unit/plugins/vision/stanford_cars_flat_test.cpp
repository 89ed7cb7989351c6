#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <matio.h>

#include <filesystem>

#include "component.hpp"
#include "kindred/dataset.hpp"
#include "kindred/io/file.hpp"
#include "note_texts.hpp"
#include "temporary_folder.hpp"

namespace kindred {
namespace {
using ::testing::HasSubstr;

struct Annotation {
  std::string file;
  uint8_t x1, y1, x2, y2, label, test;
};

matvar_t* number(uint8_t value) {
  size_t one[] = {1, 1};
  return Mat_VarCreate(nullptr, MAT_C_UINT8, MAT_T_UINT8, 2, one, &value, 0);
}

/// cars_annos.mat as Kaggle's copies have it: one struct array for both halves.
void write_annotations(const std::string& path, const std::vector<Annotation>& all) {
  mat_t* file = Mat_CreateVer(path.c_str(), nullptr, MAT_FT_MAT5);
  ASSERT_NE(file, nullptr);
  const char* names[] = {"relative_im_path", "bbox_x1", "bbox_y1", "bbox_x2", "bbox_y2", "class", "test"};
  size_t dims[] = {1, all.size()};
  matvar_t* list = Mat_VarCreateStruct("annotations", 2, dims, names, 7);
  for (size_t i = 0; i < all.size(); ++i) {
    auto one = all[i];  // matio asks for data that is not const
    size_t length[] = {1, one.file.size()};
    Mat_VarSetStructFieldByName(
        list, names[0], i, Mat_VarCreate(nullptr, MAT_C_CHAR, MAT_T_UINT8, 2, length, one.file.data(), 0));
    const uint8_t values[] = {one.x1, one.y1, one.x2, one.y2, one.label, one.test};
    for (size_t field = 0; field < 6; ++field) {
      Mat_VarSetStructFieldByName(list, names[field + 1], i, number(values[field]));
    }
  }
  EXPECT_EQ(Mat_VarWrite(file, list, MAT_COMPRESSION_NONE), 0);
  Mat_VarFree(list);
  Mat_Close(file);
}

/// A grey picture of 8 x 6 pixels whose brightness is `value`.
void write_picture(const std::string& path, char value) {
  std::filesystem::create_directories(std::filesystem::path(path).parent_path());
  write_file_atomically(path, "P6\n8 6\n255\n" + std::string(8 * 6 * 3, value));
}

class FlatCars : public ::testing::Test {
 protected:
  void SetUp() override {
    write_annotations(folder_ / "cars_annos.mat", {{"car_ims/000001.ppm", 2, 1, 5, 4, 3, 0},
                                                   {"car_ims/000002.ppm", 1, 1, 8, 6, 1, 1},
                                                   {"car_ims/000003.ppm", 1, 1, 2, 2, 3, 0}});
    write_picture(folder_ / "car_ims/000001.ppm", 10);
    write_picture(folder_ / "000002.ppm", 20);  // some copies have dropped the folder
    write_picture(folder_ / "cars_train/cars_train/000003.ppm", 30);
  }
  std::shared_ptr<Dataset> cars(nlohmann::json params) {
    params["root"] = folder_.path().string();
    return testing::make<Dataset>("stanford_cars", "kindred.stanford_cars", params);
  }
  testing::TemporaryFolder folder_{"flat_cars"};
};

TEST_F(FlatCars, splits_are_told_apart_by_the_merged_file) {
  const auto both = cars(nlohmann::json::object());
  EXPECT_EQ(both->labels(), (std::vector<int64_t>{2, 2, 0}));
  EXPECT_EQ(cars({{"splits", {"test"}}})->labels(), (std::vector<int64_t>{0}));
  EXPECT_EQ(both->read(0)[0][0][0].item<int>(), 10);
  EXPECT_EQ(both->read(1)[0][0][0].item<int>(), 30);
  EXPECT_EQ(both->read(2)[0][0][0].item<int>(), 20);
  EXPECT_EQ(both->sample_name(0), "car_ims/000001.ppm");
}

TEST_F(FlatCars, pictures_are_cut_to_their_boxes) {
  const auto boxes = cars({{"crop", true}});
  EXPECT_EQ(boxes->read(0).sizes(), (std::vector<int64_t>{4, 4, 3}));
  EXPECT_EQ(boxes->read(1).sizes(), (std::vector<int64_t>{2, 2, 3}));
  EXPECT_NE(boxes->fingerprint(), cars(nlohmann::json::object())->fingerprint());
}

TEST_F(FlatCars, boxes_that_no_picture_has_are_named_with_their_annotation) {
  const auto said = [&](Annotation second) {
    write_annotations(folder_ / "cars_annos.mat", {{"car_ims/000001.ppm", 2, 1, 5, 4, 3, 0}, second});
    return testing::thrown([&] { cars({{"crop", true}})->read(1); });
  };
  EXPECT_THAT(said({"car_ims/000001.ppm", 5, 1, 2, 4, 3, 0}),
              HasSubstr("cars_annos.mat: annotation 2: the box [4, 0, 2, 4] has no area"));
  EXPECT_THAT(said({"car_ims/000001.ppm", 9, 1, 12, 4, 3, 0}),
              HasSubstr("annotation 2: the box [8, 0, 12, 4] lies outside of the picture of 8 x 6 pixels"));
  write_annotations(folder_ / "cars_annos.mat", {{"car_ims/000001.ppm", 6, 1, 10, 4, 3, 0}});
  const auto clipped = cars({{"crop", true}});
  EXPECT_EQ(clipped->read(0).sizes(), (std::vector<int64_t>{4, 3, 3}));
  EXPECT_EQ(testing::note_texts(*clipped),
            (std::vector<std::string>{
                "stanford_cars: 1 box sticks out of the picture and was clipped at its edge"}));
}

TEST_F(FlatCars, a_half_that_is_named_twice_is_refused) {
  try {
    cars({{"splits", {"train", "merged"}}});
    FAIL() << "it was accepted";
  } catch (const std::exception& error) {
    EXPECT_THAT(error.what(), HasSubstr("names the train pictures twice"));
  }
}

}  // namespace
}  // namespace kindred
