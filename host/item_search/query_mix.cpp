#include "host/item_search/query_mix.hpp"

#include <ATen/ATen.h>

#include "kindred/error.hpp"
#include "kindred/io/utf8.hpp"

namespace kindred::host {
namespace {

constexpr double kTurnedAway = 0.5;  // how much of what it shall be unlike is subtracted

}  // namespace

SearchQuery mixed_query(const IndexSpace& space, const std::vector<WeightedQuery>& like,
                        const std::vector<SearchQuery>& unlike) {
  const auto plain = [&](const at::Tensor& row) { return space.unit_length() ? l2_normalized(row) : row; };
  SearchQuery mixed;
  at::Tensor sum;
  double weights = 0;
  for (const auto& [query, weight] : like) {
    mixed.name += (mixed.name.empty() ? "" : " + ") + query.name;
    if (mixed.file.empty()) mixed.file = query.file;
    mixed.itself.insert(mixed.itself.end(), query.itself.begin(), query.itself.end());
    const auto part = plain(query.row) * weight;
    sum = sum.defined() ? sum + part : part;
    weights += weight;
  }
  mixed.row = sum / weights;
  if (!unlike.empty()) {
    const auto wanted = mixed.name;
    std::vector<at::Tensor> rows;
    for (const auto& one : unlike) {
      rows.push_back(plain(one.row));
      mixed.name += " - " + one.name;
    }
    mixed.row = mixed.row - kTurnedAway * at::stack(rows).mean(0);
    if (mixed.row.abs().max().item<float>() == 0)
      throw Error("the query " + shown(wanted) +
                  " is what it shall be unlike, so that nothing is left of it");
  }
  return mixed;
}

}  // namespace kindred::host
