#include "host/run/equal_samples.hpp"

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "kindred/error.hpp"
#include "kindred/io/file.hpp"
#include "temporary_folder.hpp"

namespace kindred::host {
namespace {
using ::testing::ElementsAre;
using ::testing::IsEmpty;

/// Pictures in files that nothing can decode, so that a search must do without.
class StoredPictures final : public Dataset {
 public:
  std::vector<StoredObject> objects_;
  std::vector<int64_t> labels_;
  std::string fingerprint_ = "stored";

  void add(StoredObject object) {
    objects_.push_back(std::move(object));
    labels_.push_back(0);
  }
  ObjectKind object_kind() const override { return ObjectKind::image; }
  int64_t size() const override { return static_cast<int64_t>(objects_.size()); }
  const std::vector<int64_t>& labels() const override { return labels_; }
  at::Tensor read(int64_t) const override { throw Error("no picture was to be decoded"); }
  std::string sample_name(int64_t index) const override { return "#" + std::to_string(index); }
  std::string fingerprint() const override { return fingerprint_; }
  StoredObject stored(int64_t index, size_t) const override {
    return objects_.at(static_cast<size_t>(index));
  }
};

class EqualSamplesOfFiles : public ::testing::Test {
 protected:
  StoredObject file(const std::string& name, const std::string& content, const std::string& part = "") {
    write_file_atomically(folder_ / name, content);
    return {folder_ / name, 0, -1, part};
  }
  std::vector<EqualSamples> search(const std::string& folder = "") {
    const auto found = equal_samples(dataset_, {false, 2, folder}, context_);
    EXPECT_TRUE(found.has_value());
    return found.value_or(std::vector<EqualSamples>{});
  }
  kindred::testing::TemporaryFolder folder_{"equal_samples"};
  StoredPictures dataset_;
  Context context_;
};

EqualSamples samples(std::initializer_list<int64_t> numbers) {
  EqualSamples out;
  for (const auto one : numbers) out.push_back(SampleIndex{one});
  return out;
}

TEST_F(EqualSamplesOfFiles, are_those_with_the_same_bytes) {
  const std::string large(20000, 'x');
  auto first = large, last = large, middle = large;
  first.front() = last.back() = middle[10000] = 'y';
  dataset_.add(file("a", large));
  dataset_.add(file("b", first));  // of one size, and equal in the middle
  dataset_.add(file("c", last));
  dataset_.add(file("d", middle));
  dataset_.add(file("e", large + "x"));
  dataset_.add(file("f", large));
  dataset_.add(file("g", middle));
  dataset_.add(file("h", large));
  EXPECT_THAT(search(), ElementsAre(samples({0, 5, 7}), samples({3, 6})));
}

TEST_F(EqualSamplesOfFiles, are_a_part_of_the_bytes_where_the_dataset_says_so) {
  dataset_.add(file("a", "picture", "1 2 3 4"));
  dataset_.add(file("a", "picture", "1 2 3 5"));  // another box of it
  dataset_.add(file("b", "picture", "1 2 3 4"));
  const auto archive = folder_ / "archive";
  write_file_atomically(archive, "one two one ");
  for (const int64_t offset : {0, 4, 8}) dataset_.add({archive, offset, 4, ""});
  EXPECT_THAT(search(), ElementsAre(samples({0, 2}), samples({3, 5})));
}

TEST_F(EqualSamplesOfFiles, do_not_include_files_that_cannot_be_read) {
  dataset_.add({folder_ / "missing", 0, -1, ""});
  dataset_.add({folder_ / "missing", 0, -1, ""});
  dataset_.add({folder_.path().string(), 0, -1, ""});  // a folder, which can be examined and not read
  dataset_.add({folder_.path().string(), 0, -1, ""});
  EXPECT_THAT(search(), IsEmpty());
}

TEST_F(EqualSamplesOfFiles, are_kept_until_the_fingerprint_changes) {
  dataset_.add(file("a", "picture"));
  dataset_.add(file("b", "picture"));
  dataset_.add(file("c", "another"));
  const auto cache = folder_ / "cache";
  EXPECT_THAT(search(cache), ElementsAre(samples({0, 1})));
  file("b", "another");
  EXPECT_THAT(search(cache), ElementsAre(samples({0, 1}))) << "nothing is read again";
  dataset_.fingerprint_ = "b has changed";
  EXPECT_THAT(search(cache), ElementsAre(samples({1, 2})));
}

TEST_F(EqualSamplesOfFiles, are_unknown_where_pictures_would_have_to_be_decoded_for_them) {
  dataset_.add({});
  EXPECT_FALSE(equal_samples(dataset_, {false, 1, ""}, context_).has_value());
}

TEST(EqualSamples, are_those_whose_vectors_are_equal) {
  class Vectors final : public Dataset {
   public:
    std::vector<int64_t> labels_ = std::vector<int64_t>(5000, 0);
    ObjectKind object_kind() const override { return ObjectKind::vector; }
    int64_t size() const override { return 5000; }
    const std::vector<int64_t>& labels() const override { return labels_; }
    at::Tensor read(int64_t index) const override {
      return at::full({3}, index == 4999 ? 17 : index, at::kFloat);
    }
    std::string sample_name(int64_t index) const override { return std::to_string(index); }
    std::string fingerprint() const override { return "vectors"; }
  };
  const kindred::testing::TemporaryFolder folder("equal_vectors");
  Context context;
  const auto found = equal_samples(Vectors(), {false, 3, folder.path().string()}, context);
  ASSERT_TRUE(found.has_value());
  EXPECT_THAT(*found, ElementsAre(samples({17, 4999})));
  EXPECT_TRUE(std::filesystem::is_empty(folder.path())) << "what lies in memory is compared anew";
}

}  // namespace
}  // namespace kindred::host
