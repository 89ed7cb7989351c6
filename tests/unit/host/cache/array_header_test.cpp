#include "host/cache/array_header.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kindred/io/npy.hpp"
#include "made_up_cache.hpp"

namespace kindred::host {
namespace {
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class ArrayHeaders : public ::testing::Test {
 protected:
  std::string written(const std::string& bytes) const {
    write_file_atomically(folder_ / "rows.npy", bytes);
    return folder_ / "rows.npy";
  }
  testing::TemporaryFolder folder_{"array_header"};
};

TEST_F(ArrayHeaders, are_read_as_the_cache_writes_them) {
  struct Case {
    std::vector<int64_t> shape;
    at::ScalarType dtype;
    const char* name;
    uintmax_t row_bytes;
  };
  for (const auto& one : std::vector<Case>{{{7}, at::kFloat, "<f4", 4},
                                           {{5, 1024}, at::kHalf, "<f2", 2048},
                                           {{3, 14, 14, 256}, at::kDouble, "<f8", 14 * 14 * 256 * 8}}) {
    const auto bytes = npy_header(one.shape, one.dtype);
    const auto header = read_array_header(written(bytes));
    EXPECT_EQ(header.shape, one.shape);
    EXPECT_EQ(header.dtype, one.name);
    EXPECT_EQ(header.file_bytes, bytes.size() + static_cast<uintmax_t>(one.shape[0]) * one.row_bytes);
  }
}

TEST_F(ArrayHeaders, that_are_damaged_are_told) {
  const auto good = testing::MadeUpCache::header();
  auto long_text = good;
  long_text[9] = '\x7f';
  for (const auto& bytes : std::vector<std::string>{
           "", "\x93NUMPY", good.substr(0, 60), std::string(200, '\0'), long_text + std::string(40000, ' '),
           testing::MadeUpCache::header("<c8"), testing::MadeUpCache::header("<f4", ", "),
           testing::MadeUpCache::header("<f4", "9999999999999999999, 3"),
           testing::MadeUpCache::header("<f4", "999999999999999999, 999999999")}) {
    EXPECT_THAT(testing::thrown([&] { read_array_header(written(bytes)); }), HasSubstr("damaged header"));
  }
  EXPECT_THAT(testing::thrown([&] { read_array_header(folder_ / "absent"); }), HasSubstr("absent"));
}

}  // namespace
}  // namespace kindred::host
