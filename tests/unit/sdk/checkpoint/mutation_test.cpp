#include <gtest/gtest.h>

#include <filesystem>

#include "kindred/error.hpp"
#include "kindred/io/checkpoint.hpp"
#include "kindred/io/file.hpp"
#include "kindred/random.hpp"
#include "shared_folder.hpp"
#include "temporary_folder.hpp"

namespace kindred {
namespace {

/// Whatever a damaged file holds, reading it ends in tensors or in an Error.
TEST(Checkpoint, damaged_files_never_do_worse_than_an_error) {
  KINDRED_SHARED_OR_SKIP(folder, "fixtures/checkpoints");
  const testing::TemporaryFolder scratch("mutation");
  int refused = 0, read = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() == ".json") continue;
    const auto original = read_file(entry.path().string());
    Random random(original.size());
    for (int round = 0; round < 300; ++round) {
      auto bytes = original;
      if (round % 4 == 0) bytes.resize(static_cast<size_t>(random.below(static_cast<int64_t>(bytes.size()))));
      const auto changes = 1 + random.below(3);
      for (int64_t i = 0; i < changes && !bytes.empty(); ++i) {
        bytes[static_cast<size_t>(random.below(static_cast<int64_t>(bytes.size())))] =
            static_cast<char>(random.next());
      }
      const auto path = scratch / "damaged";
      write_file_atomically(path, bytes);
      try {
        read_checkpoint(path);
        ++read;
      } catch (const Error&) {
        ++refused;
      }
    }
  }
  EXPECT_GT(refused, 1000);
  EXPECT_GT(read, 0);
}

}  // namespace
}  // namespace kindred
