#include "host/exchange/pgvector/copy_binary.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <vector>

#include "kindred/error.hpp"

namespace kindred::host {
namespace {

constexpr size_t kHead = 19;

std::string bytes(std::initializer_list<int> values) {
  std::string text;
  for (const int value : values) text += static_cast<char>(value);
  return text;
}

const std::string kBegin("PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0", kHead);

std::string row_of_all_types() {
  const float numbers[] = {1.5F, -2};
  CopyWriter writer;
  writer.begin_row(6);
  writer.text("é");
  writer.null();
  writer.integer(-2);
  writer.real(0.5);
  writer.vector(numbers, 2);
  writer.halfvec(numbers, 2);
  return writer.bytes();
}

TEST(CopyBinary, rows_have_the_bytes_that_the_documentation_says) {
  const auto expected = kBegin + bytes({0, 6}) + bytes({0, 0, 0, 2, 0xC3, 0xA9}) +
                        bytes({0xFF, 0xFF, 0xFF, 0xFF}) +
                        bytes({0, 0, 0, 8, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFE}) +
                        bytes({0, 0, 0, 8, 0x3F, 0xE0, 0, 0, 0, 0, 0, 0}) +
                        bytes({0, 0, 0, 12, 0, 2, 0, 0, 0x3F, 0xC0, 0, 0, 0xC0, 0, 0, 0}) +
                        bytes({0, 0, 0, 8, 0, 2, 0, 0, 0x3E, 0, 0xC0, 0});
  EXPECT_EQ(row_of_all_types(), expected);
  CopyWriter empty;
  empty.end();
  EXPECT_EQ(empty.bytes(), kBegin + bytes({0xFF, 0xFF}));
}

TEST(CopyBinary, what_was_written_is_read) {
  CopyReader reader;
  ASSERT_TRUE(reader.take(row_of_all_types(), 6));
  std::string_view field;
  ASSERT_TRUE(reader.field(field));
  EXPECT_EQ(field, "é");
  EXPECT_FALSE(reader.field(field));
  ASSERT_TRUE(reader.field(field));
  EXPECT_EQ(copied_integer(field), -2);
  ASSERT_TRUE(reader.field(field));
  EXPECT_EQ(copied_real(field), 0.5);
  ASSERT_TRUE(reader.field(field));
  ASSERT_EQ(copied_dimension(field), 2);
  std::vector<float> numbers(2);
  copied_vector(field, numbers.data());
  EXPECT_THAT(numbers, ::testing::ElementsAre(1.5F, -2.0F));
  EXPECT_FALSE(reader.take(bytes({0xFF, 0xFF}), 6));
}

TEST(CopyBinary, the_head_may_come_alone) {
  CopyReader reader;
  EXPECT_FALSE(reader.take(kBegin, 1));
  EXPECT_TRUE(reader.take(bytes({0, 1, 0xFF, 0xFF, 0xFF, 0xFF}), 1));
}

TEST(CopyBinary, a_half_that_is_too_large_becomes_infinite) {
  const float numbers[] = {65504, 70000};
  CopyWriter writer;
  writer.halfvec(numbers, 2);
  EXPECT_EQ(writer.bytes().substr(kHead + 8), bytes({0x7B, 0xFF, 0x7C, 0x00}));
}

TEST(CopyBinary, rows_that_are_cut_off_anywhere_are_refused) {
  const auto whole = row_of_all_types();
  for (size_t size = 0; size < whole.size(); ++size) {
    if (size == kHead) continue;  // the head alone
    EXPECT_THROW(
        {
          CopyReader reader;
          reader.take(whole.substr(0, size), 6);
          std::string_view field;
          for (int i = 0; i < 6; ++i) reader.field(field);
        },
        Error)
        << size;
  }
}

TEST(CopyBinary, fields_of_another_size_are_refused) {
  EXPECT_THROW(copied_integer("1234"), Error);
  EXPECT_THROW(copied_real("123456789"), Error);
  EXPECT_THROW(copied_dimension("1"), Error);
  EXPECT_THROW(copied_dimension(bytes({0, 2, 0, 0, 1, 2, 3, 4})), Error);
  CopyReader reader;
  EXPECT_THROW(reader.take(row_of_all_types(), 5), Error);
  EXPECT_THROW(CopyReader().take("PGCOPX\n" + kBegin.substr(7), 1), Error);
}

}  // namespace
}  // namespace kindred::host
