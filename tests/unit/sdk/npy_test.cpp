#include "kindred/io/npy.hpp"

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kindred/io/file.hpp"
#include "temporary_folder.hpp"

namespace kindred {
namespace {
using ::testing::HasSubstr;

std::string npy(int major, const std::string& header, const std::string& data) {
  std::string bytes = "\x93NUMPY";
  bytes += static_cast<char>(major);
  bytes += '\0';
  for (int i = 0; i < (major == 1 ? 2 : 4); ++i) bytes += static_cast<char>(header.size() >> (8 * i) & 0xff);
  return bytes + header + data;
}

TEST(Npy, round_trip_of_every_type_and_shape) {
  const testing::TemporaryFolder folder("npy");
  for (const auto type : {at::kBool, at::kChar, at::kByte, at::kShort, at::kInt, at::kLong, at::kHalf,
                          at::kFloat, at::kDouble}) {
    for (const auto& shape : std::vector<std::vector<int64_t>>{{}, {3}, {2, 3}, {0, 4}, {2, 1, 5}}) {
      const auto x = (at::arange(30).fmod(2).slice(0, 0, at::zeros(shape).numel())).reshape(shape).to(type);
      write_npy(folder / "x.npy", x);
      const auto y = map_npy(folder / "x.npy");
      EXPECT_EQ(y.scalar_type(), type);
      EXPECT_TRUE(at::equal(x, y)) << at::toString(type) << " " << x.sizes();
    }
  }
}

TEST(Npy, reads_what_numpy_writes_in_each_version) {
  const testing::TemporaryFolder folder("npy");
  const std::string header = "{'descr': '<i2', 'fortran_order': False, 'shape': (2,), }\n";
  for (const int version : {1, 2, 3}) {
    write_file_atomically(folder / "x.npy", npy(version, header, std::string("\x01\x00\xff\xff", 4)));
    const auto x = map_npy(folder / "x.npy");
    EXPECT_EQ(x[0].item<int>(), 1);
    EXPECT_EQ(x[1].item<int>(), -1);
  }
}

TEST(Npy, a_changed_tensor_leaves_the_file_alone) {
  const testing::TemporaryFolder folder("npy");
  write_npy(folder / "x.npy", at::zeros({4}));
  map_npy(folder / "x.npy").fill_(7);
  EXPECT_TRUE(at::equal(map_npy(folder / "x.npy"), at::zeros({4})));
}

TEST(Npy, refuses_the_rest_with_its_reason) {
  const testing::TemporaryFolder folder("npy");
  const auto message = [&](const std::string& bytes) {
    write_file_atomically(folder / "bad.npy", bytes);
    return testing::thrown([&] { map_npy(folder / "bad.npy"); });
  };
  const auto header = [](const char* descr, const char* order, const char* shape) {
    return std::string("{'descr': '") + descr + "', 'fortran_order': " + order + ", 'shape': " + shape +
           ", }\n";
  };
  EXPECT_THAT(message("PK"), HasSubstr("NumPy signature"));
  EXPECT_THAT(message(""), HasSubstr("empty"));
  EXPECT_THAT(message(npy(9, header("<f4", "False", "(1,)"), "0123")), HasSubstr("version is 9"));
  EXPECT_THAT(message(npy(1, header("<f4", "False", "(3,)"), "0123")), HasSubstr("promises 12 bytes"));
  EXPECT_THAT(message(npy(1, header("<f4", "True", "(1, 1)"), "0123")), HasSubstr("Fortran"));
  EXPECT_THAT(message(npy(1, header(">f4", "False", "(1,)"), "0123")), HasSubstr("\">f4\""));
  EXPECT_THAT(message(npy(1, header("|O", "False", "(1,)"), "0123")), HasSubstr("\"|O\""));
  EXPECT_THAT(message(npy(1, header("<f8", "False", "(999999999999, 999999999999)"), "0")),
              HasSubstr("out of range"));
  EXPECT_THAT(message(npy(1, header("<f8", "False", "(0, 999999999999, 999999999999)"), "")),
              HasSubstr("out of range"));  // nothing to read, but strides that overflow
  EXPECT_THAT(testing::thrown([&] { map_npy(folder / "none.npy"); }), HasSubstr("none.npy"));
}

}  // namespace
}  // namespace kindred
