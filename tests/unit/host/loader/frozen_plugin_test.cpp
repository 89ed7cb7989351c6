// The promise of docs/design/abi.md: what was compiled against the C boundary of SDK 0.11 loads into every
// host of the same major.
#include <gmock/gmock.h>

#include <string>
#include <vector>

#include "fixture_plugins.hpp"
#include "host/loader/catalog.hpp"
#include "kindred/abi/build_tag.hpp"
#include "plugin_bytes.hpp"

namespace kindred::host {
namespace {

using testing::TempFolder;

/// What the fixture's objects are; it knows the beginning of today's kindred_site.
struct Told {
  struct {
    uint32_t size;
    int64_t input_dimension, classes;
    uint64_t seed;
  } site;
  char params[64];
};

/// The fixture as if it had been built for this host's C++ interfaces, LibTorch and flags, which are three
/// numbers side by side.
std::string fitting_bytes() {
  auto bytes = testing::read_bytes(testing::fixture_file("frozen"));
  const auto tag = testing::note_at(bytes, KINDRED_NOTE_TAG) + testing::kNoteHead;
  const auto ours = build_tag();
  bytes = testing::with(bytes, tag + 8, ours.cxx_epoch);
  bytes = testing::with(bytes, tag + 12, ours.torch_version);
  return testing::with(bytes, tag + 16, ours.flags);
}

void append(void* out, const char* text, size_t size) { static_cast<std::string*>(out)->append(text, size); }

TEST(FrozenPlugin, IsListedAndLoaded) {
  const TempFolder folder;
  folder.write("frozen.kindred.so", fitting_bytes());
  for (const auto& catalog :
       {Catalog::scan({folder.path()}), Catalog::load(std::vector<std::string>{folder.path()})}) {
    for (const auto& one : catalog.rejected()) ADD_FAILURE() << one.message;
    ASSERT_EQ(catalog.components().size(), 1U);
    const auto& component = catalog.components().front();
    EXPECT_EQ(component.kind, "relic");
    EXPECT_EQ(component.id, "frozen.relic");
    EXPECT_EQ(component.plugin_id, "frozen");
    EXPECT_EQ(component.summary, "Remembers its place");
  }
}

TEST(FrozenPlugin, IsToldItsPlaceAndParameters) {
  const TempFolder folder;
  folder.write("frozen.kindred.so", fitting_bytes());
  const auto catalog = Catalog::load(std::vector<std::string>{folder.path()});
  const auto* info = catalog.find("relic", "frozen.relic");
  ASSERT_NE(info, nullptr);
  EXPECT_EQ(info->schema["properties"]["width"]["default"], 3);

  const kindred_site site{sizeof(kindred_site), 12, 34, 56, nullptr};
  std::string error;
  const kindred_sink sink{&error, &append};
  void* object = nullptr;
  const std::string params = R"({"width":7})";
  ASSERT_EQ(info->entry->create(&site, params.data(), params.size(), &object, &sink), 0) << error;
  const auto* told = static_cast<const Told*>(object);
  EXPECT_EQ(told->site.input_dimension, 12);
  EXPECT_EQ(told->site.classes, 34);
  EXPECT_EQ(told->site.seed, 56U);
  EXPECT_EQ(told->params, params);
  info->entry->destroy(object);

  const std::string long_params(64, ' ');
  EXPECT_EQ(info->entry->create(&site, long_params.data(), long_params.size(), &object, &sink), 5);
  EXPECT_EQ(error, "too many parameters");
}

}  // namespace
}  // namespace kindred::host
