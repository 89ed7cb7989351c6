#include "host/export/onnx/wire_message.hpp"

#include <gtest/gtest.h>

namespace kindred::host {
namespace {

std::string bytes(std::initializer_list<unsigned char> list) { return {list.begin(), list.end()}; }

// The examples of https://protobuf.dev/programming-guides/encoding/.
TEST(WireMessage, writes_integers_texts_and_messages_as_the_format_says) {
  WireMessage test1, test2, test3;
  EXPECT_EQ(test1.integer(1, 150).bytes(), bytes({0x08, 0x96, 0x01}));
  EXPECT_EQ(test2.bytes(2, "testing").bytes(), bytes({0x12, 0x07, 't', 'e', 's', 't', 'i', 'n', 'g'}));
  EXPECT_EQ(test3.message(3, test1).bytes(), bytes({0x1a, 0x03, 0x08, 0x96, 0x01}));
}

TEST(WireMessage, writes_negative_numbers_large_fields_and_floats) {
  WireMessage negative, large, real;
  EXPECT_EQ(negative.integer(1, -2).bytes(),
            bytes({0x08, 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01}));
  EXPECT_EQ(large.integer(20, 7).bytes(), bytes({0xa0, 0x01, 0x07}));
  EXPECT_EQ(real.float32(2, 1.5).bytes(), bytes({0x15, 0x00, 0x00, 0xc0, 0x3f}));
}

}  // namespace
}  // namespace kindred::host
