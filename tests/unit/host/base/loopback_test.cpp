#include "host/base/loopback.hpp"

#include <gtest/gtest.h>

namespace kindred::host {
namespace {

TEST(Loopback, knows_this_machine) {
  for (const auto* host : {"localhost", "[::1]", "127.0.0.1", "127.1.2.3"})
    EXPECT_TRUE(is_loopback(host)) << host;
}

TEST(Loopback, is_not_a_name_that_only_begins_so) {
  for (const auto* host : {"", "127.0.0.1.example.com", "127.example", "localhost.example", "128.0.0.1",
                           "0.0.0.0", "127.1", "[::2]", "[::1].example", "127.0.0.1 "})
    EXPECT_FALSE(is_loopback(host)) << host;
}

}  // namespace
}  // namespace kindred::host
