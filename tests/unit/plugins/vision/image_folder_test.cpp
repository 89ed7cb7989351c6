#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <opencv2/imgcodecs.hpp>

#include "component.hpp"
#include "files/image_file.hpp"
#include "kindred/dataset.hpp"
#include "kindred/io/file.hpp"
#include "note_texts.hpp"

namespace kindred {
namespace {
namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// root/cat/a.png, root/cat/deep/b.jpg, root/dog/c.png, root/empty/
class ImageFolder : public ::testing::Test {
 protected:
  void SetUp() override {
    root_ = fs::temp_directory_path() / ("kindred_image_folder_" + std::to_string(::getpid()));
    for (const auto* folder : {"cat/deep", "dog", "empty"}) fs::create_directories(root_ / folder);
    cv::Mat picture(20, 30, CV_8UC3, cv::Scalar(10, 20, 200));  // BGR
    cv::imwrite((root_ / "cat/a.png").string(), picture);
    cv::imwrite((root_ / "cat/deep/b.JPG").string(), picture);
    cv::imwrite((root_ / "dog/c.png").string(), picture);
    std::ofstream(root_ / "dog/notes.txt") << "no picture";
  }
  void TearDown() override { fs::remove_all(root_); }
  std::string thrown(const std::function<void()>& action) {
    try {
      action();
    } catch (const std::exception& error) {
      return error.what();
    }
    return "nothing was thrown";
  }
  fs::path root_;
};

TEST_F(ImageFolder, folders_are_classes_in_order_of_their_names) {
  const auto dataset = testing::make<Dataset>("vision", "kindred.image_folder", {{"root", root_.string()}});
  EXPECT_THAT(dataset->labels(), ElementsAre(0, 0, 1));
  EXPECT_THAT(dataset->class_names(), ElementsAre("cat", "dog"));
  EXPECT_EQ(dataset->sample_name(1), "cat/deep/b.JPG");
  const auto picture = dataset->read(0);
  EXPECT_EQ(picture.sizes(), (std::vector<int64_t>{20, 30, 3}));
  EXPECT_EQ(picture[0][0][0].item<int>(), 200) << "channels are red, green, blue";
}

TEST_F(ImageFolder, without_classes_labels_are_unknown) {
  const auto dataset = testing::make<Dataset>("vision", "kindred.image_folder",
                                              {{"root", root_.string()}, {"classes", false}});
  EXPECT_THAT(dataset->labels(), ElementsAre(-1, -1, -1));
}

TEST_F(ImageFolder, what_systems_leave_is_neither_class_nor_sample) {
  for (const auto* folder : {"__MACOSX/cat", ".ipynb_checkpoints", "cat/@eaDir", ".hidden"})
    fs::create_directories(root_ / folder);
  for (const auto* name : {"__MACOSX/cat/._a.png", ".ipynb_checkpoints/a.png", "cat/@eaDir/a.png",
                           ".hidden/a.png", "cat/._a.png", "dog/.c.png"})
    fs::copy_file(root_ / "cat/a.png", root_ / name);
  std::ofstream(root_ / ".DS_Store") << "x";
  std::ofstream(root_ / "dog/Thumbs.db") << "x";
  for (const bool classes : {true, false}) {
    const auto dataset = testing::make<Dataset>("vision", "kindred.image_folder",
                                                {{"root", root_.string()}, {"classes", classes}});
    EXPECT_EQ(dataset->size(), 3);
    EXPECT_EQ(dataset->sample_name(2), "dog/c.png");
    EXPECT_THAT(testing::note_texts(*dataset), ElementsAre());
    if (classes) {
      EXPECT_THAT(dataset->class_names(), ElementsAre("cat", "dog"));
    }
  }
}

TEST_F(ImageFolder, links_are_followed_and_said_where_they_lead_nowhere) {
  fs::create_directory_symlink(root_ / "cat", root_ / "puma");
  fs::create_symlink(root_ / "dog/c.png", root_ / "dog/d.png");
  fs::create_symlink(root_ / "gone", root_ / "dog/gone.png");
  fs::create_directory_symlink(root_, root_ / "dog/all");
  const auto dataset = testing::make<Dataset>("vision", "kindred.image_folder", {{"root", root_.string()}});
  EXPECT_THAT(dataset->class_names(), ElementsAre("cat", "dog", "puma"));
  EXPECT_THAT(dataset->labels(), ElementsAre(0, 0, 1, 1, 2, 2));
  EXPECT_EQ(dataset->read(3).size(1), 30);
  EXPECT_THAT(testing::note_texts(*dataset),
              ElementsAre(HasSubstr("1 link leads nowhere and is left out"),
                          HasSubstr("1 link leads back to a folder that it lies in")));
}

TEST_F(ImageFolder, takes_every_ending_that_it_decodes_and_counts_pictures_of_the_others) {
  for (const auto* ending : {"jpe", "jfif", "pgm", "pbm", "TIF", "webp"}) {
    std::vector<unsigned char> bytes;
    const std::string name = ending;
    const bool is_grey = name == "pgm" || name == "pbm";
    cv::imencode(
        name == "jpe" || name == "jfif" ? ".jpg" : "." + name,
        cv::imread((root_ / "cat/a.png").string(), is_grey ? cv::IMREAD_GRAYSCALE : cv::IMREAD_COLOR), bytes);
    write_file_atomically((root_ / ("dog/" + name + "." + name)).string(),
                          {reinterpret_cast<char*>(bytes.data()), bytes.size()});
  }
  for (const auto* name : {"cat/a.heic", "dog/b.HEIC", "dog/c.avif", "e.png", "f.jpg"})
    std::ofstream(root_ / name) << "x";
  const auto dataset = testing::make<Dataset>("vision", "kindred.image_folder", {{"root", root_.string()}});
  EXPECT_THAT(dataset->labels(), ElementsAre(0, 0, 1, 1, 1, 1, 1, 1, 1));
  for (int64_t i = 0; i < dataset->size(); ++i)
    EXPECT_EQ(dataset->read(i).size(1), 30) << dataset->sample_name(i);
  EXPECT_THAT(
      testing::note_texts(*dataset),
      ElementsAre(
          HasSubstr("3 pictures are left out, since no decoder reads their formats (1 .avif, 2 .heic)"),
          HasSubstr("2 pictures lie beside the folders of the classes")));
}

TEST_F(ImageFolder, the_fingerprint_follows_the_files) {
  const auto make = [&] {
    return testing::make<Dataset>("vision", "kindred.image_folder", {{"root", root_.string()}})
        ->fingerprint();
  };
  const auto before = make();
  EXPECT_EQ(before, make());
  std::ofstream(root_ / "dog/c.png", std::ios::app) << "x";
  EXPECT_NE(before, make());
}

TEST_F(ImageFolder, what_cannot_be_read_says_why) {
  EXPECT_THAT(thrown([] { read_image("/nowhere/a.png"); }), HasSubstr("/nowhere/a.png"));
  EXPECT_THAT(thrown([&] { read_image((root_ / "dog/notes.txt").string()); }),
              HasSubstr("no picture that can be decoded"));
  for (const auto* name : {"cat/a.png", "cat/deep/b.JPG"}) {
    const auto bytes = read_file((root_ / name).string());
    write_file_atomically((root_ / name).string(), bytes.substr(0, bytes.size() - bytes.size() / 3));
    EXPECT_THAT(thrown([&] { read_image((root_ / name).string()); }), HasSubstr("cut off")) << name;
  }
  EXPECT_THAT(
      thrown([&] {
        testing::make<Dataset>("vision", "kindred.image_folder", {{"root", (root_ / "empty").string()}});
      }),
      HasSubstr("holds no pictures"));
  EXPECT_THAT(thrown([] { testing::make<Dataset>("vision", "kindred.image_folder"); }), HasSubstr("root"));
}

}  // namespace
}  // namespace kindred
