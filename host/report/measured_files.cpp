#include "host/report/measured_files.hpp"

#include <ATen/ATen.h>

#include <filesystem>

#include "host/evaluation/nearest_candidates.hpp"
#include "host/evaluation/relevance.hpp"
#include "host/report/query_table.hpp"
#include "host/report/test_map.hpp"
#include "host/report/test_queries.hpp"
#include "kindred/io/file.hpp"
#include "kindred/io/json_text.hpp"

namespace kindred::host {
namespace fs = std::filesystem;

void write_measured_files(const std::string& folder, const RetrievalShown& shown, const Measured& base,
                          const Measured& tuned) {
  const Relevance relevance(shown.task);
  const auto all = query_rows(shown.task);
  std::vector<int64_t> rows, places;
  for (int64_t i = 0; i < all.numel(); ++i) {
    const auto row = all.data_ptr<int64_t>()[i];
    if (relevance.count(row) == 0) continue;
    rows.push_back(row);
    places.push_back(i);
  }
  const auto queries = at::tensor(rows, at::kLong);
  const auto nearest = [&](const at::Tensor& embeddings) {
    return nearest_candidates(embeddings, shown.task, queries, shown.distance, kKeptNeighbours);
  };
  const auto base_nearest = nearest(shown.base), tuned_nearest = nearest(shown.tuned);
  write_queries((fs::path(folder) / kQueryFile).string(), {shown.dataset, shown.rows, queries, places},
                {{"base", base, base_nearest}, {"tuned", tuned, tuned_nearest}});
  const auto map = test_map(shown.dataset, shown.rows, shown.base, shown.tuned, shown.distance);
  write_file_atomically((fs::path(folder) / kMapFile).string(), json_text(map) + "\n");
}

}  // namespace kindred::host
