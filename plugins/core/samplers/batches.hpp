#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "kindred/params.hpp"
#include "kindred/random.hpp"

namespace kindred {

/// Cuts `order` into batches of `batch_size`; a shorter last one is kept or dropped.
std::vector<at::Tensor> cut_into_batches(const std::vector<int64_t>& order, int64_t batch_size,
                                         bool drop_last);

struct BatchSizeParams {
  int64_t batch_size = 256;
  bool drop_last = false;
  static void describe(Schema<BatchSizeParams>& schema) {
    schema.field("batch_size", &BatchSizeParams::batch_size)
        .doc("Samples per batch.")
        .unit("samples")
        .range(1, 1 << 24);
    schema.field("drop_last", &BatchSizeParams::drop_last).doc("Leave out a last batch that is shorter.");
  }
};

/// Groups the rows by label, both ascending.
std::map<int64_t, std::vector<int64_t>> rows_by_label(const at::Tensor& labels);

/// The same of the classes that can form a pair. Throws Error in the sampler's name when there are not two.
std::map<int64_t, std::vector<int64_t>> rows_with_partners(const at::Tensor& labels,
                                                           const std::string& sampler);

/// A class's rows in random order, cut into groups of `samples`: a last group that would be short is filled
/// up with others of the class. A class with fewer rows gives one group of all it has.
std::vector<std::vector<int64_t>> groups_of(std::vector<int64_t> members, int64_t samples, Random& random);

/// Returns the numbers from 0 to count - 1.
std::vector<int64_t> row_numbers(int64_t count);

}  // namespace kindred
