// The columns of a CSV file. The dataset is its file's own, so the file is included.
#include "plugins/vision/csv.cpp"

#include "dataset_target.hpp"
#include "fuzz_target.hpp"
#include "memory_file.hpp"

namespace kindred::fuzz {

KINDRED_FUZZ_TARGET(csv) {
  const MemoryFile file(data, size);
  const bool plain = reads<CsvDataset>(file.path(), nlohmann::json::object());
  const bool rich = reads<CsvDataset>(
      file.path(),
      {{"crop", true}, {"splits", {"train"}}, {"text_columns", {"title"}}, {"label_column", ""}});
  const bool other = reads<CsvDataset>(file.path(), {{"delimiter", ";"}, {"label_column", "title"}});
  return plain || rich || other;
}

}  // namespace kindred::fuzz
