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
  const auto places = counted_queries(shown.task);
  const auto queries = query_rows(shown.task).index_select(0, at::tensor(places, at::kLong));
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
