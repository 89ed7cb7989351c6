#include "host/report/retrieval_shown.hpp"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "host/base/random_streams.hpp"
#include "host/evaluation/nearest_candidates.hpp"
#include "host/evaluation/relevance.hpp"
#include "host/report/retrieval_image.hpp"
#include "host/report/sample_object.hpp"
#include "kindred/io/file.hpp"

namespace kindred::host {
namespace fs = std::filesystem;
namespace {

constexpr size_t kQueries = 8;

void write_texts(const std::string& path, const RetrievalShown& shown, size_t field) {
  const auto found = shown_queries(shown);
  const Relevance relevance(shown.task);
  const auto text_at = [&](int64_t place) {
    return shown_text(shown.dataset, shown.rows[static_cast<size_t>(place)], field);
  };
  std::string out;
  for (size_t q = 0; q < found.queries.size(); ++q) {
    const auto query = found.queries[q];
    out += text_at(query) + "\n";
    for (const auto& [name, neighbours] : {std::pair{"base", found.base}, std::pair{"tuned", found.tuned}}) {
      out += fmt::format("  {}\n", name);
      const auto row = neighbours.rows[static_cast<int64_t>(q)];
      for (int64_t k = 0; k < row.numel(); ++k) {
        const auto place = row.data_ptr<int64_t>()[k];
        if (place < 0) break;
        out += fmt::format("    {} {}\n", relevance.is_relevant(query, place) ? "+" : "-", text_at(place));
      }
    }
    out += "\n";
  }
  write_file_atomically(path, out);
}

}  // namespace

ShownQueries shown_queries(const RetrievalShown& shown) {
  ShownQueries out;
  const auto all = query_rows(shown.task);
  for (const auto place : counted_queries(shown.task)) out.queries.push_back(all.data_ptr<int64_t>()[place]);
  auto random = random_stream(shown.seed, Stream::shown_queries);
  random.shuffle(out.queries.begin(), out.queries.end());
  out.queries.resize(std::min(out.queries.size(), kQueries));
  const auto queries = at::tensor(out.queries, at::kLong);
  out.base = nearest_candidates(shown.base, shown.task, queries, shown.distance, kShownNeighbours);
  out.tuned = nearest_candidates(shown.tuned, shown.task, queries, shown.distance, kShownNeighbours);
  return out;
}

void write_retrieval(const std::string& folder, const RetrievalShown& shown) {
  if (const auto field = field_of_kind(shown.dataset, ObjectKind::image); field >= 0) {
    write_retrieval_image((fs::path(folder) / "retrieval.png").string(), shown, static_cast<size_t>(field));
  }
  if (const auto field = field_of_kind(shown.dataset, ObjectKind::text); field >= 0) {
    write_texts((fs::path(folder) / "retrieval.txt").string(), shown, static_cast<size_t>(field));
  }
}

}  // namespace kindred::host
