#include "host/loader/guarded_call.hpp"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>

namespace kindred::host {
namespace {

template <class Fn>
PluginError caught(Fn fn) {
  try {
    guard("acme", "acme.loss", "backward", fn);
  } catch (const PluginError& error) {
    return error;
  }
  throw std::logic_error("nothing was thrown");
}

TEST(Guard, ReturnsWhatTheCallReturns) {
  int value = 3;
  guard("p", "c", "f", [&]() -> int& { return value; }) = 4;  // a reference, not a copy
  EXPECT_EQ(value, 4);
  EXPECT_EQ(guard("p", "c", "f", [] { return std::string("text"); }), "text");
}

TEST(Guard, AddsPluginComponentAndPhase) {
  const auto error = caught([] { throw std::out_of_range("row 7"); });
  EXPECT_EQ(error.plugin(), "acme");
  EXPECT_EQ(error.component(), "acme.loss");
  EXPECT_EQ(error.phase(), "backward");
  EXPECT_EQ(error.message(), "row 7");
  EXPECT_STREQ(error.what(), "plugin acme, component acme.loss, phase backward: row 7");
}

TEST(Guard, TakesExceptionsOfAnyType) {
  EXPECT_EQ(caught([] { throw 42; }).message(), "an exception that is not a std::exception");
  EXPECT_EQ(caught([] { throw "text"; }).phase(), "backward");
}

TEST(Guard, LeavesAPluginErrorAsItIs) {
  const auto error = caught([] { throw PluginError("inner", "inner.part", "read", "first"); });
  EXPECT_EQ(error.plugin(), "inner");
  EXPECT_EQ(error.phase(), "read");
}

TEST(PluginError, LeavesOutWhatIsNotKnown) {
  EXPECT_STREQ(PluginError("", "", "search", "no folder").what(), "phase search: no folder");
  EXPECT_STREQ(PluginError("", "", "", "text").what(), "text");
}

}  // namespace
}  // namespace kindred::host
