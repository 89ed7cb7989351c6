#include <gtest/gtest.h>

#include <cstddef>

#include "kindred/abi/abi.h"
#include "kindred/abi/build_tag.hpp"

namespace kindred {
namespace {

// The tables of docs/design/abi.md. A change here breaks plugins that were built before: see what may change
// there.
TEST(AbiLayout, build_tag) {
  EXPECT_EQ(sizeof(kindred_build_tag), 80U);
  EXPECT_EQ(offsetof(kindred_build_tag, abi_major), 4U);
  EXPECT_EQ(offsetof(kindred_build_tag, abi_minor), 6U);
  EXPECT_EQ(offsetof(kindred_build_tag, cxx_epoch), 8U);
  EXPECT_EQ(offsetof(kindred_build_tag, torch_version), 12U);
  EXPECT_EQ(offsetof(kindred_build_tag, flags), 16U);
  EXPECT_EQ(offsetof(kindred_build_tag, gxx_abi), 20U);
  EXPECT_EQ(offsetof(kindred_build_tag, sdk_version), 24U);
  EXPECT_EQ(offsetof(kindred_build_tag, compiler), 40U);
}

TEST(AbiLayout, offer_note) {
  EXPECT_EQ(sizeof(kindred_offer_note), 256U);
  EXPECT_EQ(offsetof(kindred_offer_note, kind), 4U);
  EXPECT_EQ(offsetof(kindred_offer_note, id), 24U);
  EXPECT_EQ(offsetof(kindred_offer_note, version), 96U);
  EXPECT_EQ(offsetof(kindred_offer_note, summary), 120U);
  EXPECT_EQ(sizeof(ElfNote<kindred_offer_note>), 16U + 256U);
}

TEST(AbiLayout, plugin_and_component) {
  EXPECT_EQ(sizeof(kindred_plugin), 64U);
  EXPECT_EQ(offsetof(kindred_plugin, build), 8U);
  EXPECT_EQ(offsetof(kindred_plugin, id), 16U);
  EXPECT_EQ(offsetof(kindred_plugin, version), 24U);
  EXPECT_EQ(offsetof(kindred_plugin, license), 32U);
  EXPECT_EQ(offsetof(kindred_plugin, summary), 40U);
  EXPECT_EQ(offsetof(kindred_plugin, components), 48U);
  EXPECT_EQ(offsetof(kindred_plugin, components_end), 56U);
  EXPECT_EQ(sizeof(kindred_component), 64U);
  EXPECT_EQ(offsetof(kindred_component, revision), 4U);
  EXPECT_EQ(offsetof(kindred_component, kind), 8U);
  EXPECT_EQ(offsetof(kindred_component, id), 16U);
  EXPECT_EQ(offsetof(kindred_component, version), 24U);
  EXPECT_EQ(offsetof(kindred_component, summary), 32U);
  EXPECT_EQ(offsetof(kindred_component, schema), 40U);
  EXPECT_EQ(offsetof(kindred_component, create), 48U);
  EXPECT_EQ(offsetof(kindred_component, destroy), 56U);
}

TEST(AbiLayout, site_and_sink) {
  EXPECT_EQ(sizeof(kindred_site), 40U);
  EXPECT_EQ(offsetof(kindred_site, input_dimension), 8U);
  EXPECT_EQ(offsetof(kindred_site, classes), 16U);
  EXPECT_EQ(offsetof(kindred_site, seed), 24U);
  EXPECT_EQ(offsetof(kindred_site, class_sizes), 32U);
  EXPECT_EQ(sizeof(kindred_sink), 16U);
}

TEST(AbiLayout, flags_and_notes_keep_their_numbers) {
  EXPECT_EQ(KINDRED_NOTE_TAG, 1);
  EXPECT_EQ(KINDRED_NOTE_OFFER, 2);
  EXPECT_EQ(KINDRED_FLAG_CXX11_ABI, 1);
  EXPECT_EQ(KINDRED_FLAG_ASAN, 2);
  EXPECT_EQ(KINDRED_FLAG_TSAN, 4);
  EXPECT_EQ(KINDRED_FLAG_DEBUG_STL, 8);
}

}  // namespace
}  // namespace kindred
