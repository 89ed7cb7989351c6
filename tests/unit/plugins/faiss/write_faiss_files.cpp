// Usage: write_faiss_files FOLDER. For several factories a folder with what the plugin saves, and what it
// finds: python_opens_test.py compares that with what Python's faiss finds in the same file.
#include <cstdio>
#include <exception>
#include <filesystem>
#include <string>

#include "clustered_rows.hpp"
#include "kindred/io/npy.hpp"

namespace {

void write(const std::filesystem::path& root) {
  using kindred::Distance;
  const auto data = kindred::testing::clustered_rows(1000, 16, Distance::cosine);
  int number = 0;
  for (const auto* factory : {"HNSW16", "IVF16,Flat", "IVF16,PQ8", "SQ8", "PCA8,HNSW8"}) {
    const auto folder = root / std::to_string(number++);
    std::filesystem::create_directories(folder);
    const auto index = kindred::testing::faiss_index({{"factory", factory}, {"nprobe", 16}});
    index->build(data.rows, Distance::cosine);
    index->save(folder.string());
    kindred::write_npy((folder / "queries.npy").string(), data.queries);
    kindred::write_npy((folder / "rows.npy").string(), index->search(data.queries, {5}).rows);
  }
}

}  // namespace

int main(int argc, char** argv) {
  try {
    if (argc == 2) write(argv[1]);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
  return argc == 2 ? 0 : 2;
}
