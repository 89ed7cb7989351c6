#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "component.hpp"
#include "gradient_image.hpp"
#include "kindred/dataset.hpp"
#include "kindred/io/file.hpp"
#include "temporary_folder.hpp"

namespace kindred {
namespace {
namespace fs = std::filesystem;
using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::TemporaryFolder;
using testing::thrown;

// Test items stand before and between those for training, as in the official file.
const std::string kPartition =
    "6\n"
    "image_name item_id evaluation_status\n"
    "img/WOMEN/Dresses/id_00000001/02_1_front.png                id_00000001    query\n"
    "img/WOMEN/Dresses/id_00000002/02_1_front.png                id_00000002    train\n"
    "img/WOMEN/Dresses/id_00000001/02_2_side.png                 id_00000001    gallery\n"
    "img/MEN/Denim/id_00000003/01_1_front.png                    id_00000003    gallery\n"
    "img/MEN/Denim/id_00000004/01_1_front.png                    id_00000004    train\n"
    "img/WOMEN/Dresses/id_00000002/02_4_full.png                 id_00000002    train\n";
const std::string kBoxes =
    "6\n"
    "image_name clothes_type pose_type x_1 y_1 x_2 y_2\n"
    "img/WOMEN/Dresses/id_00000001/02_1_front.png 3 1 002 003 012 013\n"
    "img/WOMEN/Dresses/id_00000002/02_1_front.png 3 1 004 005 014 015\n"
    "img/WOMEN/Dresses/id_00000001/02_2_side.png 3 2 0 0 9 9\n"
    "img/MEN/Denim/id_00000003/01_1_front.png 2 1 0 0 9 9\n"
    "img/MEN/Denim/id_00000004/01_1_front.png 2 1 0 0 9 9\n"
    "img/WOMEN/Dresses/id_00000002/02_4_full.png 3 4 0 0 9 9\n";

class InShop : public ::testing::Test {
 protected:
  InShop() : folder_("in_shop") {
    for (const auto* part : {"Eval", "Anno", "Img/img"}) fs::create_directories(folder_.path() / part);
    write_file_atomically(folder_ / "Eval/list_eval_partition.txt", kPartition);
    write_file_atomically(folder_ / "Anno/list_bbox_inshop.txt", kBoxes);
  }
  std::shared_ptr<Dataset> made(json params = json::object()) const {
    params["root"] = folder_.path().string();
    return testing::make<Dataset>("vision", "kindred.in_shop", params);
  }
  TemporaryFolder folder_;
};

TEST_F(InShop, numbers_items_for_training_first_and_says_what_is_a_query) {
  const auto dataset = made();
  EXPECT_THAT(dataset->labels(), ElementsAre(2, 0, 2, 3, 1, 0));
  EXPECT_THAT(dataset->class_names(),
              ElementsAre("id_00000002", "id_00000004", "id_00000001", "id_00000003"));
  EXPECT_THAT(dataset->roles(),
              ElementsAre(Role::query, Role::both, Role::gallery, Role::gallery, Role::both, Role::both));
  EXPECT_EQ(dataset->sample_name(1), "img/WOMEN/Dresses/id_00000002/02_1_front.png");
}

TEST_F(InShop, parts_keep_the_numbers_of_the_whole) {
  const auto dataset = made({{"splits", {"query", "gallery"}}});
  EXPECT_THAT(dataset->labels(), ElementsAre(2, 2, 3));
  EXPECT_THAT(dataset->roles(), ElementsAre(Role::query, Role::gallery, Role::gallery));
}

TEST_F(InShop, crops_to_the_box) {
  write_picture(folder_ / "Img/img/WOMEN/Dresses/id_00000002/02_1_front.png");
  EXPECT_THAT(edges_of(made()->read(1)), ElementsAre(0, 0, 30, 20));
  EXPECT_THAT(edges_of(made({{"crop", true}})->read(1)), ElementsAre(4, 5, 14, 15));
}

/// A file of the layout with other content (nullptr: it is missing), and a part of what is said.
struct BrokenFile {
  const char *name, *content, *expected;
};

const BrokenFile kBroken[] = {
    {"Eval/list_eval_partition.txt", nullptr,
     "Eval/list_eval_partition.txt is missing; root must be the folder"},
    {"Anno/list_bbox_inshop.txt", nullptr, "Anno/list_bbox_inshop.txt is missing"},
    {"Img/img", nullptr, "Img/img is missing; unpack img.zip"},
    {"Eval/list_eval_partition.txt", "image_name item_id\n", "expected a count in the first line"},
    {"Eval/list_eval_partition.txt", "1\nimage_name item_id status\na b train\n",
     "\"image_name item_id evaluation_status\" in the second"},
    {"Eval/list_eval_partition.txt", "x\nimage_name item_id evaluation_status\na b train\n",
     ":1: expected a number"},
    {"Eval/list_eval_partition.txt", "2\nimage_name item_id evaluation_status\na b train\n",
     "has 1 rows, its first line says 2"},
    {"Eval/list_eval_partition.txt", "1\nimage_name item_id evaluation_status\na b\n",
     "list_eval_partition.txt:3: expected"},
    {"Eval/list_eval_partition.txt", "1\nimage_name item_id evaluation_status\na b val\n",
     ":3: the evaluation_status is \"val\""},
    {"Eval/list_eval_partition.txt", "2\nimage_name item_id evaluation_status\na b train\nc b query\n",
     "the item b is in the training partition and in another"},
    {"Anno/list_bbox_inshop.txt", "0\nimage_name clothes_type pose_type x_1 y_1 x_2 y_2\n",
     "has no box for img/WOMEN"},
    {"Anno/list_bbox_inshop.txt",
     "1\nimage_name clothes_type pose_type x_1 y_1 x_2 y_2\n"
     "img/WOMEN/Dresses/id_00000001/02_1_front.png 3 1 12 3 2 13\n",
     "list_bbox_inshop.txt:3: the box [12, 3, 2, 13] has no area"},
    {"Anno/list_bbox_inshop.txt", "1\nimage_name clothes_type pose_type x_1 y_1 x_2 y_2\na 1 1 0 0 left 9\n",
     "list_bbox_inshop.txt:3: expected a number, got \"left\""},
};

TEST_F(InShop, says_which_file_is_missing_or_wrong) {
  for (const auto& one : kBroken) {
    const auto path = folder_ / one.name;
    fs::rename(path, path + ".aside");
    if (one.content != nullptr) write_file_atomically(path, one.content);
    EXPECT_THAT(thrown([&] { made({{"crop", true}}); }), HasSubstr(one.expected)) << one.name;
    fs::remove(path);
    fs::rename(path + ".aside", path);
  }
}

}  // namespace
}  // namespace kindred
