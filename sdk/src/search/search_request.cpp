#include "search_request.hpp"

#include <ATen/ATen.h>

#include <cmath>
#include <string>

#include "kindred/error.hpp"
#include "kindred/exact_search.hpp"
#include "kindred/search/scored_rows.hpp"

namespace kindred {
namespace {

std::string size_text(const at::Tensor& tensor) {
  std::string text;
  for (const auto size : tensor.sizes()) text += (text.empty() ? "" : ", ") + std::to_string(size);
  return at::toString(tensor.scalar_type()) + std::string(" (") + text + ")";
}

std::string place_text(const std::string& what, int64_t row, const at::Tensor& rows) {
  return what + " " + std::to_string(row) + " of " + std::to_string(rows.size(0));
}

}  // namespace

void check_rows(Distance distance, const at::Tensor& rows, const std::string& what) {
  const auto squares = squared_lengths(rows.to(at::kFloat));
  const auto bad = squares.isfinite().logical_not().nonzero().cpu();
  if (bad.size(0) == 0) {
    const auto lost = is_euclidean(distance) ? first_lost(rows, squares) : -1;
    if (lost < 0) return;
    throw Error(place_text(what, lost, rows) +
                " is so short that float32 cannot hold its squared length, so that distances to it are not "
                "known; take the cosine, or multiply all rows by one number");
  }
  const auto first = bad.data_ptr<int64_t>()[0];
  const bool is_large = rows[first].isfinite().all().item<bool>();
  throw Error(place_text(what, first, rows) + " has " +
              (is_large
                   ? "a number whose square is too large for float32, so that distances to it are not known"
                   : "a number that is not finite, so that it has no distance to anything") +
              "; look at where it comes from");
}

void check_queries(const StoredRows& rows, Distance distance, const at::Tensor& queries) {
  if (!std::isfinite(distance.p) || distance.p < 1) {
    throw Error("the distance lp has p = " + std::to_string(distance.p) +
                "; a search needs a finite p of at least 1");
  }
  if (queries.dim() != 2 || queries.scalar_type() != at::kFloat ||
      (rows.size() > 0 && queries.size(1) != rows.dimension())) {
    throw Error("queries are float32 rows of " + std::to_string(rows.dimension()) +
                " numbers like those that are searched, not " + size_text(queries));
  }
  check_rows(distance, queries, "query");
}

void check_search(const StoredRows& rows, Distance distance, const at::Tensor& queries,
                  const IndexSearch& request) {
  check_queries(rows, distance, queries);
  if (request.k < 1) {
    throw Error("k is " + std::to_string(request.k) + "; at least one neighbour can be searched");
  }
  const auto& candidates = request.candidates;
  if (candidates.defined() && (candidates.scalar_type() != at::kBool || candidates.dim() != 1 ||
                               candidates.size(0) != rows.size() || !candidates.is_cpu())) {
    throw Error("candidates are bool (" + std::to_string(rows.size()) + ") on the CPU, one per row, not " +
                size_text(candidates));
  }
}

}  // namespace kindred
