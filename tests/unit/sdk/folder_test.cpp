#include "kindred/io/folder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "kindred/io/file.hpp"
#include "kindred/io/image_names.hpp"
#include "temporary_folder.hpp"

namespace kindred {
namespace {
namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

void write(const testing::TemporaryFolder& folder, const std::string& name) {
  fs::create_directories(fs::path(folder / name).parent_path());
  write_file_atomically(folder / name, name);
}

TEST(LeftBehind, is_what_systems_put_beside_files_of_persons) {
  for (const auto* name : {"._a.png", ".DS_Store", ".ipynb_checkpoints", ".hidden.jpg", ".git", "Thumbs.db",
                           "thumbs.DB", "ehthumbs.db", "desktop.ini", "__MACOSX", "@eaDir", "$RECYCLE.BIN",
                           "#recycle", "System Volume Information", "lost+found", "Icon\r"})
    EXPECT_TRUE(is_left_behind(name)) << name;
  for (const auto* name :
       {"", ".", "..", "a.png", "_a.png", "MACOSX", "eaDir", "thumbs", "Thumbs.db.png", "Icon"})
    EXPECT_FALSE(is_left_behind(name)) << name;
  EXPECT_TRUE(has_part_left_behind("__MACOSX/cup/a.png"));
  EXPECT_TRUE(has_part_left_behind("cup/.cache/a.png"));
  EXPECT_TRUE(has_part_left_behind("./cup/._a.png"));
  EXPECT_FALSE(has_part_left_behind("./cup/../a.png"));
  EXPECT_FALSE(has_part_left_behind(""));
}

TEST(FolderFiles, are_sorted_and_without_what_is_left_behind) {
  const testing::TemporaryFolder folder("folder");
  for (const auto* name : {"b/2", "b/1", "a/c/3", "a/._3", "__MACOSX/a/3", "a/@eaDir/3", ".DS_Store", "0"})
    write(folder, name);
  const auto found = files_below(folder.path().string());
  EXPECT_THAT(found.files, ElementsAre(folder / "0", folder / "a/c/3", folder / "b/1", folder / "b/2"));
  EXPECT_EQ(found.nowhere + found.circles, "");
  EXPECT_THAT(files_below(folder / "__MACOSX").files, ElementsAre(folder / "__MACOSX/a/3"))
      << "the folder that somebody names is meant";
  EXPECT_THAT(testing::thrown([&] { files_below(folder / "none"); }), HasSubstr("none cannot be read"));
}

TEST(FolderFiles, follow_links_but_not_in_a_circle_or_to_nowhere) {
  const testing::TemporaryFolder folder("folder");
  write(folder, "store/a/1");
  write(folder, "seen/2");
  const auto link = [&](const std::string& to, const std::string& name) {
    fs::create_symlink(folder / to, folder / ("seen/" + name));
  };
  link("store/a", "folder");
  link("store/a/1", "file");
  link("store/a", "again");
  link("seen", "circle");
  link("gone", "nowhere");
  link("seen/itself", "itself");
  link("gone", "._nowhere");
  const auto found = files_below(folder / "seen");
  EXPECT_THAT(found.files, ElementsAre(folder / "seen/2", folder / "seen/again/1", folder / "seen/file",
                                       folder / "seen/folder/1"));
  EXPECT_THAT(found.nowhere, HasSubstr("2 links lead nowhere and are left out: " + (folder / "seen/itself") +
                                       ", " + (folder / "seen/nowhere")));
  EXPECT_THAT(found.circles, HasSubstr("1 link leads back to a folder that it lies in and is left out: " +
                                       (folder / "seen/circle")));
}

TEST(UndecodedImages, are_counted_by_their_endings) {
  EXPECT_EQ(undecoded_images("photos", {"a.jpg", "b.txt", "c"}, {".jpg"}), "");
  EXPECT_EQ(undecoded_images("photos", {"a.HEIC", "b.jpg", "c.avif", "d/e.heic", "heic"}, {".jpg"}),
            "photos: 3 pictures are left out, since no decoder reads their formats (1 .avif, 2 .heic); "
            "convert them to "
            "JPEG or PNG, for example by `mogrify -format png FILE` of ImageMagick");
  EXPECT_THAT(undecoded_images("photos", {"a.webp"}, {".jpg"}), HasSubstr("1 picture is left out"));
  EXPECT_EQ(ending_of("a.b/c"), "");
}

}  // namespace
}  // namespace kindred
