#include "host/base/content_hash.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kindred/io/file.hpp"
#include "temporary_folder.hpp"

namespace kindred::host {
namespace {

TEST(ContentHash, does_not_depend_on_pieces) {
  const testing::TemporaryFolder folder("content_hash");
  std::string bytes(3'000'001, ' ');  // several pieces of reading, the last one short
  for (size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(i * i >> 7);
  write_file_atomically(folder / "file", bytes);
  ContentHash whole, pieces;
  whole.add(bytes);
  pieces.add(std::string_view(bytes).substr(0, 17));
  pieces.add(std::string_view(bytes).substr(17));
  EXPECT_EQ(whole.hex(), pieces.hex());
  EXPECT_EQ(whole.hex(), hash_of_file(folder / "file"));
  bytes[2'999'999] ^= 1;
  write_file_atomically(folder / "file", bytes);
  EXPECT_NE(whole.hex(), hash_of_file(folder / "file"));
}

TEST(ContentHash, is_XXH3_of_128_bits) {
  const testing::TemporaryFolder folder("content_hash");
  write_file_atomically(folder / "file", "");
  EXPECT_EQ(hash_of_file(folder / "file"), "99aa06d3014798d86001c324468d497f");  // `xxhsum -H2` says the same
  EXPECT_THAT(testing::thrown([&] { hash_of_file(folder / "absent"); }), ::testing::HasSubstr("absent"));
}

}  // namespace
}  // namespace kindred::host
