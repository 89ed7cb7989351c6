#include "pair_objects.hpp"

#include <ATen/ATen.h>

namespace kindred {

PairObjects distinct_objects(const ScoredPairs& pairs) {
  const int64_t count = pairs.a_objects.numel();
  const auto [numbers, place] = at::_unique(at::cat({pairs.a_objects, pairs.b_objects}), true, true);
  return {place.slice(0, 0, count), place.slice(0, count), numbers.numel()};
}

at::Tensor are_similar(const at::Tensor& scores) { return scores >= 0.5; }

at::Tensor similar_objects(const PairObjects& objects, const at::Tensor& scores) {
  const auto similar = are_similar(scores).nonzero().squeeze(1);
  const auto a = objects.a.index_select(0, similar), b = objects.b.index_select(0, similar);
  const auto self = at::arange(objects.count, a.options());
  auto table = at::zeros({objects.count * objects.count}, a.options().dtype(at::kBool));
  table.index_fill_(0, a * objects.count + b, true);
  table.index_fill_(0, b * objects.count + a, true);
  table.index_fill_(0, self * objects.count + self, true);
  return table.view({objects.count, objects.count});
}

at::Tensor share_a_subgroup(const PairObjects& objects, const at::Tensor& subgroups) {
  const auto subgroup = at::cat({subgroups, subgroups}), object = at::cat({objects.a, objects.b});
  const auto places = (subgroup.unsqueeze(1) == subgroup.unsqueeze(0)).nonzero();
  const auto first = object.index_select(0, places.select(1, 0)),
             second = object.index_select(0, places.select(1, 1));
  auto table = at::zeros({objects.count * objects.count}, subgroup.options().dtype(at::kBool));
  return table.index_fill_(0, first * objects.count + second, true).view({objects.count, objects.count});
}

at::Tensor object_embeddings(const PairObjects& objects, const ScoredPairs& pairs) {
  const auto x = at::cat({pairs.a, pairs.b});
  const auto object = at::cat({objects.a, objects.b});
  // A product with a matrix of shares, of the size of the distances: indices would add in no fixed order.
  const auto shares =
      (at::arange(objects.count, object.options()).unsqueeze(1) == object.unsqueeze(0)).to(x.scalar_type());
  return (shares / shares.sum(1, true)).matmul(x);
}

}  // namespace kindred
