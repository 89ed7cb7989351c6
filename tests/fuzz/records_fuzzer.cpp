// The fields of records. The dataset is its file's own, so the file is included.
#include "plugins/records/records.cpp"

#include "dataset_target.hpp"
#include "fuzz_target.hpp"
#include "memory_file.hpp"

namespace kindred::fuzz {

KINDRED_FUZZ_TARGET(records) {
  const MemoryFile file(data, size);
  const nlohmann::json fields = {{"t", "text"}, {"v", "vector"}};
  const bool strict = reads<RecordsDataset>(file.path(), {{"fields", fields}});
  const bool lenient = reads<RecordsDataset>(
      file.path(), {{"fields", {{"t", "text"}}}, {"optional", {"t"}}, {"splits", {"train"}}});
  return strict || lenient;
}

}  // namespace kindred::fuzz
