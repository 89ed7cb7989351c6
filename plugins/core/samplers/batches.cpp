#include "batches.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <iterator>

#include "kindred/error.hpp"

namespace kindred {

std::vector<at::Tensor> cut_into_batches(const std::vector<int64_t>& order, int64_t batch_size,
                                         bool drop_last) {
  const auto all = at::tensor(order, at::kLong);
  const auto rows = all.numel();
  std::vector<at::Tensor> batches;
  for (int64_t begin = 0; begin < rows; begin += batch_size) {
    const int64_t end = begin + batch_size < rows ? begin + batch_size : rows;
    // Without any full batch there would be nothing to learn from at all.
    if (end - begin == batch_size || !drop_last || batches.empty())
      batches.push_back(all.slice(0, begin, end));
  }
  return batches;
}

std::map<int64_t, std::vector<int64_t>> rows_by_label(const at::Tensor& labels) {
  std::map<int64_t, std::vector<int64_t>> rows;
  const auto plain = labels.contiguous();
  for (int64_t i = 0; i < plain.numel(); ++i) rows[plain.data_ptr<int64_t>()[i]].push_back(i);
  return rows;
}

std::map<int64_t, std::vector<int64_t>> rows_with_partners(const at::Tensor& labels,
                                                           const std::string& sampler) {
  auto rows = rows_by_label(labels);
  for (auto it = rows.begin(); it != rows.end();) it = it->second.size() < 2 ? rows.erase(it) : std::next(it);
  if (rows.size() < 2) {
    throw Error(sampler + " needs at least two classes with two samples each, the training data has " +
                std::to_string(rows.size()));
  }
  return rows;
}

std::vector<std::vector<int64_t>> groups_of(std::vector<int64_t> members, int64_t samples, Random& random) {
  random.shuffle(members.begin(), members.end());
  const auto count = static_cast<int64_t>(members.size());
  const int64_t size = std::min(samples, count);
  std::vector<std::vector<int64_t>> groups;
  for (int64_t begin = 0; begin < count; begin += size) {
    // A short last group reaches back for samples that are in it anyway only once.
    const int64_t first = std::min(begin, count - size);
    groups.emplace_back(members.begin() + first, members.begin() + first + size);
  }
  return groups;
}

std::vector<int64_t> row_numbers(int64_t count) {
  std::vector<int64_t> rows(static_cast<size_t>(count));
  for (int64_t i = 0; i < count; ++i) rows[static_cast<size_t>(i)] = i;
  return rows;
}

}  // namespace kindred
