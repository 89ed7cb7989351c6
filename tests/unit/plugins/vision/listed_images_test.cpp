#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "component.hpp"
#include "gradient_image.hpp"
#include "kindred/dataset.hpp"
#include "kindred/io/file.hpp"
#include "kindred/text.hpp"
#include "note_texts.hpp"
#include "temporary_folder.hpp"

namespace kindred {
namespace {
namespace fs = std::filesystem;
using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::TemporaryFolder;
using testing::thrown;

std::shared_ptr<Dataset> made(const std::string& id, const json& params) {
  return testing::make<Dataset>("vision", "kindred." + id, params);
}

TEST(CsvDataset, reads_paths_labels_splits_and_boxes) {
  const TemporaryFolder folder("csv_dataset");
  write_picture(folder / "a/1.png");
  write_picture(folder / "a, b/2.png");
  write_file_atomically(folder / "list.csv",
                        "\xEF\xBB\xBFpath,label,split,x_1,x_2,y_1,y_2\r\n"
                        "a/1.png,zebra,train,10,20,5,15\r\n"
                        "\"a, b/2.png\",\"the \"\"ant\"\"\",validation,0,30,0,20\r\n");
  const auto all = made("csv", {{"file", folder / "list.csv"}});
  EXPECT_EQ(all->size(), 2);
  EXPECT_THAT(all->class_names(), ElementsAre("the \"ant\"", "zebra"));
  EXPECT_THAT(all->labels(), ElementsAre(1, 0));
  EXPECT_EQ(all->sample_name(1), "a, b/2.png");
  EXPECT_THAT(edges_of(all->read(1)), ElementsAre(0, 0, 30, 20));
  const auto train = made("csv", {{"file", folder / "list.csv"}, {"splits", {"train"}}, {"crop", true}});
  EXPECT_EQ(train->size(), 1);
  EXPECT_THAT(edges_of(train->read(0)), ElementsAre(10, 5, 20, 15));
  const auto wide = made("csv", {{"file", folder / "list.csv"}, {"crop", true}, {"margin", 0.5}});
  EXPECT_THAT(edges_of(wide->read(0)), ElementsAre(5, 0, 25, 20));
  EXPECT_NE(wide->fingerprint(), all->fingerprint());
}

TEST(CsvDataset, gives_text_columns_as_fields) {
  const TemporaryFolder folder("csv_dataset");
  write_picture(folder / "1.png");
  const json params = {{"file", folder / "list.csv"}, {"text_columns", {"title", "colour"}}};
  write_file_atomically(folder / "list.csv",
                        "path,label,colour,title\n1.png,a,red,\"car, old\"\n1.png,b,blue,van\n");
  const auto dataset = made("csv", params);
  const auto fields = dataset->fields();
  ASSERT_EQ(fields.size(), 3U);
  EXPECT_EQ(fields[0].name, "path");
  EXPECT_EQ(fields[0].kind, ObjectKind::image);
  EXPECT_EQ(fields[1].name, "title");
  EXPECT_EQ(fields[2].kind, ObjectKind::text);
  EXPECT_TRUE(at::equal(dataset->read_field(1, 0), dataset->read(1)));
  EXPECT_TRUE(at::equal(dataset->read_field(0, 1), text_tensor("car, old")));
  EXPECT_TRUE(at::equal(dataset->read_field(1, 2), text_tensor("blue")));
  const auto before = dataset->fingerprint();
  write_file_atomically(folder / "list.csv",
                        "path,label,colour,title\n1.png,a,red,\"car, new\"\n1.png,b,blue,van\n");
  EXPECT_NE(made("csv", params)->fingerprint(), before);
  EXPECT_THAT(thrown([&] {
                made("csv", {{"file", folder / "list.csv"}, {"text_columns", {"tilte"}}});
              }),
              HasSubstr("has no column \"tilte\""));
}

TEST(CsvDataset, keeps_integer_labels_and_says_what_is_wrong) {
  const TemporaryFolder folder("csv_dataset");
  const auto with = [&](const std::string& text, json params = json::object()) {
    write_file_atomically(folder / "list.csv", text);
    params["file"] = folder / "list.csv";
    return made("csv", params);
  };
  EXPECT_THAT(with("id;path\n70;a.png\n3;b.png\n", {{"delimiter", ";"}, {"label_column", "id"}})->labels(),
              ElementsAre(70, 3));
  EXPECT_THAT(with("path\na.png\n", {{"label_column", ""}})->labels(), ElementsAre(-1));
  EXPECT_THAT(thrown([&] { with("file,label\na.png,1\n"); }),
              HasSubstr("has no column \"path\"; its columns are: file, label"));
  EXPECT_THAT(thrown([&] { with("path,label\na.png,1\nb.png\n"); }),
              HasSubstr("list.csv:3: has 1 fields, the header 2"));
  EXPECT_THAT(thrown([&] {
                with("path,label,split\na.png,1,train\n", {{"splits", {"test"}}});
              }),
              HasSubstr("no row of the splits"));
  EXPECT_THAT(thrown([&] {
                with("path,label,x_1,x_2,y_1,y_2\na.png,1,left,2,3,4\n", {{"crop", true}});
              }),
              HasSubstr("list.csv:2: expected a number, got \"left\""));
}

TEST(JsonlDataset, reads_an_object_per_line) {
  const TemporaryFolder folder("jsonl_dataset");
  write_picture(folder / "pictures/1.png");
  const auto with = [&](const std::string& text, json params = json::object()) {
    write_file_atomically(folder / "list.jsonl", text);
    params["file"] = folder / "list.jsonl";
    return made("jsonl", params);
  };
  const auto dataset =
      with(R"({"path": "1.png", "label": "b", "split": "train", "box": [1, 2, 9, 8], "more": [1]}
{"path": "2.png", "label": "a", "split": "test"}
)",
           {{"root", folder / "pictures"}, {"crop", true}});
  EXPECT_THAT(dataset->labels(), ElementsAre(1, 0));
  EXPECT_THAT(edges_of(dataset->read(0)), ElementsAre(1, 2, 9, 8));
  EXPECT_THAT(thrown([&] { dataset->read(1); }), HasSubstr("2.png"));
  EXPECT_EQ(with(R"({"path": "1.png", "split": "test"})", {{"splits", {"test"}}})->size(), 1);
  EXPECT_THAT(with("{\"path\": \"a\", \"label\": 5}\n{\"path\": \"b\", \"label\": 2}\n")->labels(),
              ElementsAre(5, 2));
  EXPECT_THAT(thrown([&] { with("{\"path\": \"a\"}\nnothing\n"); }),
              HasSubstr("list.jsonl:2: expected an object"));
  EXPECT_THAT(thrown([&] { with("{\"file\": \"a\"}\n"); }), HasSubstr("has no text \"path\""));
  EXPECT_THAT(thrown([&] { with(R"({"path": "1.png\u0000x"})"); }), HasSubstr("has a zero byte in it"));
}

/// A box in a list, and a part of what is said of it when the list is read.
struct WrongBox {
  const char *box, *expected;
};

TEST(Boxes, without_an_area_are_refused_with_their_line) {
  const TemporaryFolder folder("boxes");
  write_picture(folder / "1.png");
  const WrongBox wrong[] = {
      {"25, 15, 12, 8",
       "the box [25, 15, 12, 8] has no area, since its right edge 12 is not right of its left edge 25"},
      {"10, 10, 10, 12", "right edge 10 is not right of its left edge 10"},
      {"10, 12, 20, 12", "bottom edge 12 is not below its top edge 12"},
      {"10.2, 1, 10.9, 12", "the box [10.2, 1, 10.9, 12] has no area when its edges are cut to whole pixels"},
      {"0.1, 0.1, 0.6, 0.8", "the box [0.1, 0.1, 0.6, 0.8] has shares of the picture; expected"},
      {"0.1, 0, 1, 1", "the box [0.1, 0, 1, 1] has shares of the picture; expected"},
  };
  const std::string good = R"({"path": "1.png", "box": [0, 0, 9, 9]})";
  const json crop = {{"file", folder / "list.jsonl"}, {"crop", true}},
             whole = {{"file", folder / "list.jsonl"}};
  for (const auto& one : wrong) {
    write_file_atomically(folder / "list.jsonl",
                          good + "\n{\"path\": \"1.png\", \"box\": [" + one.box + "]}\n");
    const auto said = thrown([&] { made("jsonl", crop); });
    EXPECT_THAT(said, HasSubstr(one.expected));
    EXPECT_THAT(said, HasSubstr("list.jsonl:2: "));
    EXPECT_EQ(made("jsonl", whole)->size(), 2) << "boxes that are not used are not judged";
  }
  write_file_atomically(folder / "list.jsonl", R"({"path": "1.png", "box": [0, 0, 1e300, 9]})");
  EXPECT_THAT(thrown([&] { made("jsonl", crop); }), HasSubstr("list.jsonl:1: \"box\" is not"));
  write_file_atomically(folder / "list.csv",
                        "path,label,x_1,y_1,x_2,y_2\n1.png,a,0,0,9,9\n1.png,a,20,3,5,9\n");
  EXPECT_THAT(thrown([&] {
                made("csv", {{"file", folder / "list.csv"}, {"crop", true}});
              }),
              HasSubstr("list.csv:3: the box [20, 3, 5, 9] has no area"));
  write_file_atomically(folder / "list.csv", "path,label,x_1,y_1,x_2,y_2\n1.png,a,0.25,0,0.5,1\n");
  EXPECT_THAT(thrown([&] {
                made("csv", {{"file", folder / "list.csv"}, {"crop", true}});
              }),
              HasSubstr("list.csv:2: the box [0.25, 0, 0.5, 1] has shares of the picture"));
}

TEST(Boxes, outside_of_the_picture_are_errors_and_those_that_stick_out_are_clipped_and_counted) {
  const TemporaryFolder folder("boxes");
  write_picture(folder / "1.png");  // 30 x 20
  std::string lines;
  for (const auto* box : {"900, 900, 950, 950", "-9, 3, 9, 9", "-10, 3, 9, 9", "25, 15, 32, 22",
                          "0, 0, 30, 20", "0, 0, 60, 21", "30, 0, 40, 10"})
    lines += std::string(R"({"path": "1.png", "box": [)") + box + "]}\n";
  write_file_atomically(folder / "list.jsonl", lines);
  const auto dataset = made("jsonl", {{"file", folder / "list.jsonl"}, {"crop", true}});
  EXPECT_THAT(testing::note_texts(*dataset), ElementsAre());
  EXPECT_THAT(
      thrown([&] { dataset->read(0); }),
      HasSubstr("list.jsonl:1: the box [900, 900, 950, 950] lies outside of the picture of 30 x 20 pixels"));
  EXPECT_THAT(edges_of(dataset->read(1)), ElementsAre(0, 3, 9, 9)) << "half of it is inside";
  EXPECT_THAT(thrown([&] { dataset->read(2); }),
              HasSubstr("list.jsonl:3: the box [-10, 3, 9, 9] lies by more than half"));
  EXPECT_THAT(edges_of(dataset->read(3)), ElementsAre(25, 15, 30, 20));
  EXPECT_THAT(edges_of(dataset->read(4)), ElementsAre(0, 0, 30, 20));
  EXPECT_THAT(thrown([&] { dataset->read(5); }), HasSubstr("list.jsonl:6: "));
  EXPECT_THAT(thrown([&] { dataset->read(6); }), HasSubstr("lies outside of the picture"));
  dataset->read(3);
  EXPECT_THAT(testing::note_texts(*dataset),
              ElementsAre("jsonl: 2 boxes stick out of the picture and were clipped at its edge"));
}

TEST(Cub200Dataset, reads_the_official_layout) {
  const TemporaryFolder folder("cub200");
  write_picture(folder / "images/001.Albatross/a.jpg");
  const std::vector<std::pair<const char*, const char*>> files = {
      {"images.txt", "1 001.Albatross/a.jpg\n2 001.Albatross/b.jpg\n3 002.Wren/c.jpg\n"},
      {"image_class_labels.txt", "1 1\n2 1\n3 2\n"},
      {"train_test_split.txt", "1 1\n2 0\n3 1\n"},
      {"bounding_boxes.txt", "1 4.0 3.0 10.0 12.0\n2 0.0 0.0 1.0 1.0\n3 0.0 0.0 1.0 1.0\n"},
      {"classes.txt", "1 001.Albatross\n2 002.Wren\n"}};
  for (const auto& [name, text] : files) write_file_atomically(folder / name, text);
  const auto root = folder.path().string();
  const auto all = made("cub200", {{"root", root}, {"crop", true}});
  EXPECT_THAT(all->labels(), ElementsAre(0, 0, 1));
  EXPECT_THAT(all->class_names(), ElementsAre("001.Albatross", "002.Wren"));
  EXPECT_EQ(all->sample_name(2), "002.Wren/c.jpg");
  const auto cut = all->read(0);
  EXPECT_EQ(cut.size(0), 12);
  EXPECT_EQ(cut.size(1), 10);
  EXPECT_THAT(made("cub200", {{"root", root}, {"splits", {"test"}}})->labels(), ElementsAre(0));
  write_file_atomically(folder / "bounding_boxes.txt",
                        "1 40.0 3.0 10.0 12.0\n2 0.0 0.0 1.0 1.0\n3 0 0 9 9\n");
  EXPECT_THAT(
      thrown([&] {
        made("cub200", {{"root", root}, {"crop", true}})->read(0);
      }),
      HasSubstr(
          "bounding_boxes.txt:1: the box [40, 3, 50, 15] lies outside of the picture of 30 x 20 pixels"));
  write_file_atomically(folder / "bounding_boxes.txt", "1 4.0 3.0 10.0 12.0\n2 0.0 0.0 1.0 0.0\n3 0 0 9 9\n");
  EXPECT_THAT(thrown([&] {
                made("cub200", {{"root", root}, {"crop", true}});
              }),
              HasSubstr("bounding_boxes.txt:2: the box [0, 0, 1, 0] has no area"));
  write_file_atomically(folder / "image_class_labels.txt", "1 1\n2 1\n");
  EXPECT_THAT(thrown([&] { made("cub200", {{"root", root}}); }), HasSubstr("says nothing of picture 3"));
  fs::remove(folder / "image_class_labels.txt");
  EXPECT_THAT(thrown([&] {
                made("cub200", {{"root", root}});
              }),
              HasSubstr("image_class_labels.txt is missing"));
}

TEST(StanfordOnlineProductsDataset, reads_the_official_layout) {
  const TemporaryFolder folder("sop");
  const auto root = folder.path().string();
  write_file_atomically(
      folder / "Ebay_train.txt",
      "image_id class_id super_class_id path\n1 1 1 bicycle_final/1_0.JPG\n2 1 1 bicycle_final/1_1.JPG\n");
  EXPECT_THAT(thrown([&] {
                made("stanford_online_products", {{"root", root}});
              }),
              HasSubstr("Ebay_test.txt is missing"));
  write_file_atomically(folder / "Ebay_test.txt",
                        "image_id class_id super_class_id path\n59552 11319 1 chair_final/2_0.JPG\n");
  const auto dataset = made("stanford_online_products", {{"root", root}});
  EXPECT_THAT(dataset->labels(), ElementsAre(0, 0, 11318));
  EXPECT_EQ(dataset->sample_name(2), "chair_final/2_0.JPG");
  write_file_atomically(folder / "Ebay_test.txt", "image_id class_id super_class_id path\n1 2 3\n");
  EXPECT_THAT(thrown([&] {
                made("stanford_online_products", {{"root", root}});
              }),
              HasSubstr("Ebay_test.txt:2: expected"));
}

}  // namespace
}  // namespace kindred
