#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <thread>

#include "component.hpp"
#include "gradient_image.hpp"
#include "kindred/dataset.hpp"
#include "kindred/io/file.hpp"
#include "kindred/random.hpp"
#include "note_texts.hpp"
#include "tar_writing.hpp"
#include "temporary_folder.hpp"

namespace kindred {
namespace {
namespace fs = std::filesystem;
using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::TemporaryFolder;
using testing::thrown;

class TarShards : public ::testing::Test {
 protected:
  TarShards() : folder_("tar_shards") {
    fs::create_directories(folder_.path() / "shards");
    for (unsigned char i = 0; i < 16; ++i) write_picture(file_of(i), i);
  }
  std::string file_of(int i) const { return folder_ / ("pictures/" + std::to_string(i) + ".png"); }
  std::string picture(int i) const { return read_file(file_of(i)); }
  void write(const std::string& name, const std::string& content) const {
    write_file_atomically(folder_ / ("shards/" + name), content);
  }
  std::shared_ptr<Dataset> made(json params = json::object()) const {
    params["root"] = folder_ / "shards";
    return testing::make<Dataset>("vision", "kindred.tar_shards", params);
  }
  static int blue(const at::Tensor& picture) { return picture[3][4][2].item<int>(); }

  TemporaryFolder folder_;
};

TEST_F(TarShards, reads_pictures_with_labels_from_any_shard) {
  write("b.tar",
        entry("000002.png", picture(2)) + entry("000002.json", "{\"label\": \"ant\", \"more\": 1}") + kEnd);
  write("a.tar", entry("dir/", "", '5') + entry("__meta__", "x") + entry("._000000.png", "x") +
                     entry("000000.cls", "zebra\n") + entry("000000.PNG", picture(0)) +
                     entry("000000.txt", "a caption") + entry("dir/000000.png", picture(1)) +
                     entry("dir/000000.cls", "ant") + kEnd);
  write("notes.txt", "no shard");
  const auto dataset = made();
  EXPECT_EQ(dataset->size(), 3);
  EXPECT_THAT(dataset->labels(), ElementsAre(1, 0, 0));
  EXPECT_THAT(dataset->class_names(), ElementsAre("ant", "zebra"));
  EXPECT_EQ(dataset->sample_name(0), "a.tar/000000.PNG");
  EXPECT_EQ(dataset->sample_name(2), "b.tar/000002.png");
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(blue(dataset->read(i)), i);
    EXPECT_THAT(edges_of(dataset->read(i)), ElementsAre(0, 0, 30, 20));
  }
}

TEST_F(TarShards, chooses_pictures_by_extension_and_labels_by_key) {
  write("a.tar", entry("0.png", picture(0)) + entry("0.side.png", picture(1)) +
                     entry("0.json", "{\"id\": 12}") + entry("1.png", picture(2)) +
                     entry("1.side.png", picture(3)) + entry("1.json", "{\"id\": 4}") + kEnd);
  const auto front = made();
  EXPECT_THAT(front->labels(), ElementsAre(-1, -1));
  EXPECT_EQ(blue(front->read(1)), 2);
  const auto side = made({{"extensions", {"side.png", "png"}}, {"label_key", "id"}});
  EXPECT_THAT(side->labels(), ElementsAre(12, 4));
  EXPECT_EQ(blue(side->read(1)), 3);
  EXPECT_NE(side->fingerprint(), front->fingerprint());
}

TEST_F(TarShards, eight_threads_read_at_random) {
  for (int shard = 0; shard < 4; ++shard) {
    std::string content;
    for (int i = 4 * shard; i < 4 * shard + 4; ++i) {
      const auto name = std::to_string(100 + i);
      content += entry(name + ".png", picture(i)) + entry(name + ".cls", std::to_string(i));
    }
    write(std::to_string(shard) + ".tar", content + kEnd);
  }
  const auto dataset = made();
  ASSERT_EQ(dataset->size(), 16);
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 8; ++thread) {
    threads.emplace_back([&, thread] {
      Random random(7, thread);
      for (int n = 0; n < 100; ++n) {
        const auto i = random.below(16);
        wrong += blue(dataset->read(i)) != i || dataset->labels()[static_cast<size_t>(i)] != i;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
}

/// What tar itself writes, with names that need each format's own way to hold them.
class TarFormat : public TarShards, public ::testing::WithParamInterface<std::pair<const char*, size_t>> {};

TEST_P(TarFormat, is_read) {
  const auto& [format, length] = GetParam();
  const auto name = std::string(length / 2, 'f') + "/" + std::string(length / 2, 'n');
  write_picture(folder_ / ("in/" + name + ".png"), 5);
  write_file_atomically(folder_ / ("in/" + name + ".cls"), "3");
  write_picture(folder_ / "in/short.png", 6);
  write_file_atomically(folder_ / "in/short.cls", "4");
  fs::create_symlink("short.png", folder_ / "in/link");
  const auto command =
      "cd '" + (folder_ / "in") + "' && tar --sort=name --format=" + format + " -cf ../shards/a.tar *";
  if (std::system(command.c_str()) != 0) GTEST_SKIP() << "this system's tar does not write " << format;
  const auto dataset = made();
  EXPECT_THAT(dataset->labels(), ElementsAre(3, 4));
  EXPECT_EQ(dataset->sample_name(0), "a.tar/" + name + ".png");
  EXPECT_EQ(blue(dataset->read(0)), 5);
  EXPECT_EQ(blue(dataset->read(1)), 6);
}

INSTANTIATE_TEST_SUITE_P(All, TarFormat,
                         ::testing::Values(std::make_pair("v7", 80), std::make_pair("ustar", 180),
                                           std::make_pair("gnu", 400), std::make_pair("pax", 400)),
                         [](const auto& info) { return std::string(info.param.first); });

TEST_F(TarShards, long_numbers_and_pax_sizes_are_understood) {
  auto block = header("0.png", 0);  // GNU's size in base 256, as for files of 8 GiB
  block.replace(124, 12, 12, '\0');
  block[124] = '\x80';
  block[134] = static_cast<char>(picture(3).size() >> 8);
  block[135] = static_cast<char>(picture(3).size() & 0xFF);
  const auto records = "14 comment=no\n" + std::to_string(10 + std::to_string(picture(4).size()).size() - 1) +
                       " size=" + std::to_string(picture(4).size()) + "\n";
  write("a.tar", signed_header(block) + padded(picture(3)) + entry("pax", records, 'x') + header("1.png", 0) +
                     padded(picture(4)) + kEnd);
  const auto dataset = made();
  ASSERT_EQ(dataset->size(), 2);
  EXPECT_EQ(blue(dataset->read(0)), 3);
  EXPECT_EQ(blue(dataset->read(1)), 4);
}

TEST_F(TarShards, in_folders_below_are_read_and_compressed_or_missing_ones_are_said) {
  const auto shard = [&](int i) {
    return entry("0.png", picture(i)) + entry("0.cls", std::to_string(i)) + kEnd;
  };
  fs::create_directories(folder_ / "shards/part");
  write("b.tar", shard(1));
  write("part/A.TAR", shard(2));
  write("part/.hidden.tar", shard(3));
  EXPECT_THAT(made()->notes(), ::testing::IsEmpty());
  for (const auto* name : {"c.tar.gz", "d.tgz", "part/e.tar.zst", "f.tar.xz", "notes.gz"}) write(name, "x");
  fs::create_symlink("nowhere.tar", folder_ / "shards/g.tar");
  const auto dataset = made();
  EXPECT_THAT(dataset->labels(), ElementsAre(1, 2));
  EXPECT_EQ(dataset->sample_name(1), "part/A.TAR/0.png");
  const auto notes = dataset->notes();
  ASSERT_EQ(notes.size(), 2U);
  EXPECT_THAT(notes[0].text, HasSubstr("g.tar"));
  EXPECT_THAT(notes[1].text, HasSubstr("4 compressed shards are left out"));
  EXPECT_TRUE(notes[0].loses_samples && notes[1].loses_samples);
}

TEST_F(TarShards, labels_that_are_no_utf8_have_a_note_and_those_in_utf16_are_refused) {
  write("a.tar", entry("0.png", picture(0)) + entry("0.cls", "caf\xE9\n") + entry("1.png", picture(1)) +
                     entry("1.cls", "\xEF\xBB\xBFtea") + kEnd);
  const auto dataset = made();
  EXPECT_THAT(dataset->class_names(), ElementsAre("caf\xE9", "tea"));
  ASSERT_EQ(dataset->notes().size(), 1U);
  EXPECT_THAT(dataset->notes()[0].text, HasSubstr("the label in 0.cls is no UTF-8"));
  write("a.tar", entry("0.png", picture(0)) + entry("0.cls", std::string("\xFF\xFEt\0e\0a\0", 8)) + kEnd);
  EXPECT_THAT(thrown([&] { made(); }), HasSubstr("the member 0.cls of"));
  EXPECT_THAT(thrown([&] { made(); }), HasSubstr("byte order mark of UTF-16LE"));
}

/// Content of a shard, and a part of what is said.
struct BrokenShard {
  std::string content, expected;
};

TEST_F(TarShards, says_what_is_damaged_and_where) {
  const auto first = entry("0.png", picture(0)) + entry("0.cls", "1");
  auto flipped = entry("1.png", picture(1));
  flipped[3] = 'Z';
  auto letters = header("1.png", 5);
  letters.replace(124, 3, "abc");
  const std::string at = std::to_string(first.size());
  const BrokenShard broken[] = {
      {"", "a.tar is cut off: it ends at offset 0"},
      {first, "a.tar is cut off: it ends at offset " + at + " without the zeros"},
      {first + kEnd.substr(0, 100), "is cut off"},
      {first + entry("1.png", picture(1)).substr(0, 700), "a.tar is cut off: the entry at offset " + at +
                                                              " (1.png) has " +
                                                              std::to_string(picture(1).size()) + " bytes"},
      {first + flipped + kEnd,
       "a.tar is damaged: the entry at offset " + at + " has a header with a wrong checksum"},
      {first + signed_header(letters) + kEnd, "the entry at offset " + at},
      {"\x1F\x8B" + std::string(2000, 'x'),
       "the entry at offset 0 has no header of a tar file; a compressed one"},
      {first + entry("pax", "99 path=x\n", 'x') + kEnd,
       "the entry at offset " + at + " has damaged pax records"},
      {first + entry("pax", "9 size=x\n", 'x') + entry("1.png", picture(1)) + kEnd, "has the size \"x\""},
      {first + header("s", 0, 'S') + kEnd, "is sparse"},
      {entry("1.txt", "alone") + kEnd, "hold no sample; tar_shards: "},
      {first + entry("1.a.png", picture(0)) + entry("1.b.png", picture(0)) + kEnd,
       "a.tar holds 2 pictures (1.a.png, 1.b.png) for one sample, since its name is what stands before the "
       "first "
       "dot; name what is behind that dot in \"extensions\", such as \"a.png\""},
      {first + entry("0.png", picture(0)) + kEnd, "a.tar holds two files for 0.png"},
      {first + entry("1.png", picture(1)) + entry("1.json", "[1]") + kEnd, "1.json is no object of JSON"},
      {first + entry("1.png", picture(1)) + entry("1.json", "{\"label\": 0.5}") + kEnd,
       "\"label\" in 1.json is no text and no integer"},
      {kEnd, "hold no sample"},
  };
  for (const auto& one : broken) {
    write("a.tar", one.content);
    EXPECT_THAT(thrown([&] { made(); }), HasSubstr(one.expected)) << one.expected;
  }
  EXPECT_THAT(thrown([&] { made({{"extensions", json::array()}}); }), HasSubstr("extensions is empty"));
  fs::remove(folder_ / "shards/a.tar");
  EXPECT_THAT(thrown([&] { made(); }), HasSubstr("holds no *.tar"));
  fs::remove_all(folder_ / "shards");
  EXPECT_THAT(thrown([&] { made(); }), HasSubstr("is no folder"));
}

TEST_F(TarShards, the_name_of_a_sample_ends_at_the_first_dot_of_its_file) {
  write("a.tar", entry("./v1.2/0.png", picture(0)) + entry("./v1.2/0.cls", "4") +
                     entry("1.final.v2.PNG", picture(1)) + entry("1.cls", "5") +
                     entry("2.side.png", picture(2)) + entry("2.side.json", "{\"label\": 6}") +
                     entry("2.cls", "9") + kEnd);
  const auto dataset = made();
  EXPECT_THAT(dataset->labels(), ElementsAre(4, 5, 9));
  EXPECT_EQ(dataset->sample_name(1), "a.tar/1.final.v2.PNG");
  for (int i = 0; i < 3; ++i) EXPECT_EQ(blue(dataset->read(i)), i);
  EXPECT_THAT(testing::note_texts(*dataset), ElementsAre());
}

TEST_F(TarShards, what_is_no_sample_is_left_out_and_counted) {
  const auto junk = entry("__MACOSX/0.png", "x") + entry("@eaDir/1.png", "x") + entry(".DS_Store", "x") +
                    entry("dir/.1.jpg.swp", "x") + entry("__meta__/1.png", "x");
  const auto sample = [&](int i) {
    return entry(std::to_string(i) + ".png", picture(i)) + entry(std::to_string(i) + ".cls", "3") +
           entry(std::to_string(i) + ".txt", "a caption");
  };
  write("a.tar", entry("README.md", "x") + junk + sample(0) + entry("LICENSE", "x") + entry("7.cls", "1") +
                     entry("8.heic", "x") + entry("8.cls", "1") + entry("1.jpg", "", '2') + kEnd);
  write("b.tar", entry("README", "x") + sample(1) + entry("1.jpg", picture(4)) + kEnd);
  write("._b.tar", "no archive");
  const auto dataset = made();
  ASSERT_EQ(dataset->size(), 2);
  EXPECT_EQ(blue(dataset->read(0)), 0);
  EXPECT_EQ(blue(dataset->read(1)), 4) << "jpg stands before png in extensions";
  EXPECT_THAT(
      testing::note_texts(*dataset),
      ElementsAre(
          HasSubstr("1 picture is left out, since no decoder reads its format (1 .heic)"),
          HasSubstr("5 members (LICENSE, README.md, 7.cls and 2 more) belong to no picture and are left out"),
          HasSubstr("1 picture (1.png) is left out, since the sample has another one"),
          HasSubstr("1 member (1.jpg) is a link and left out")));
  EXPECT_EQ(made({{"extensions", {"png", "jpg"}}})->notes().size(), 3U) << "the choice was made by a person";
}

TEST_F(TarShards, archives_behind_one_another_are_read_like_one_after_the_other) {
  const auto one = [&](int i) { return entry("0.png", picture(i)) + entry("0.cls", std::to_string(i)); };
  write("a.tar", one(0) + kEnd + std::string(5120, '\0') + one(1) + kEnd);
  write("b.tar", entry("0.png", picture(2)) + kEnd.substr(0, 512) + entry("0.cls", "2") + kEnd);
  write("c.tar", one(3) + kEnd + std::string(700, 'x'));
  const auto dataset = made();
  EXPECT_THAT(dataset->labels(), ElementsAre(0, 1, 2, 3));
  for (int i = 0; i < 4; ++i) EXPECT_EQ(blue(dataset->read(i)), i);
  EXPECT_THAT(testing::note_texts(*dataset),
              ElementsAre(HasSubstr("c.tar) has bytes behind the end of the archive")));
  write("a.tar", one(0) + kEnd + one(1));
  EXPECT_THAT(thrown([&] { made(); }), HasSubstr("a.tar is cut off"));
}

TEST_F(TarShards, samples_without_a_label_are_counted_and_have_none) {
  write("a.tar", entry("0.png", picture(0)) + entry("0.cls", "7\n") + entry("1.png", picture(1)) +
                     entry("1.cls", " \n") + entry("2.png", picture(2)) + kEnd);
  const auto dataset = made();
  EXPECT_THAT(dataset->labels(), ElementsAre(7, -1, -1));
  ASSERT_EQ(dataset->notes().size(), 1U);
  EXPECT_THAT(dataset->notes()[0].text, HasSubstr("2 of 3 samples have no label (samples 1, 2)"));
}

TEST_F(TarShards, a_picture_that_cannot_be_read_is_named) {
  write("a.tar", entry("0.png", "no picture") + entry("1.png", picture(1)) + kEnd);
  const auto dataset = made();
  EXPECT_THAT(thrown([&] { dataset->read(0); }), HasSubstr("a.tar: 0.png is no picture"));
  const auto before = dataset->fingerprint();
  fs::resize_file(folder_ / "shards/a.tar", 1600);
  EXPECT_THAT(thrown([&] { dataset->read(1); }), HasSubstr("a.tar ends at offset 1600"));
  EXPECT_NE(dataset->fingerprint(), before);
}

}  // namespace
}  // namespace kindred
