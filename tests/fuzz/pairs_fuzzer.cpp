// Scored pairs, of texts and of records. The dataset is its file's own, so the file is included.
#include "plugins/records/pairs_jsonl.cpp"

#include "dataset_target.hpp"
#include "fuzz_target.hpp"
#include "memory_file.hpp"

namespace kindred::fuzz {

KINDRED_FUZZ_TARGET(pairs) {
  const MemoryFile file(data, size);
  const bool texts = reads<PairsJsonlDataset>(file.path(), nlohmann::json::object());
  const bool records = reads<PairsJsonlDataset>(
      file.path(), {{"fields", {{"t", "text"}, {"v", "vector"}}}, {"optional", {"t"}}});
  return texts || records;
}

}  // namespace kindred::fuzz
