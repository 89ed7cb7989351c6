#include "host/encoding/frozen_stages.hpp"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "host/loader/guarded_call.hpp"
#include "host/options/views.hpp"
#include "kindred/error.hpp"
#include "kindred/finite.hpp"

namespace kindred::host {
namespace {

constexpr double kLargestHalf = 65504;

}  // namespace

FrozenStages::FrozenStages(const Dataset& dataset, const TransformLists& transforms, const EncoderPart& part,
                           at::Device device, at::Device kept_on)
    : dataset_(dataset), transforms_(transforms), part_(part), device_(device), kept_on_(kept_on) {}

/// They are found by running the first readable sample.
const std::vector<std::vector<int64_t>>& FrozenStages::stage_shapes() {
  for (int64_t sample = 0; stage_shapes_.empty() && sample < dataset_.size(); ++sample) {
    BatchLoader::Options loading;
    loading.threads = 1;
    BatchLoader loader(dataset_, transforms_.plain, {{SampleIndex{sample}}}, loading);
    auto loaded = loader.next();
    if (loaded.indices.empty()) continue;
    loaded.batch.data = loaded.batch.data.to(device_);
    stage_shapes_ = guard(part_.plugin, part_.id, "stage_shapes",
                          [&] { return part_.encoder->stage_shapes(loaded.batch); });
  }
  if (stage_shapes_.empty()) throw Error("no sample of the dataset can be read");
  return stage_shapes_;
}

std::vector<int64_t> FrozenStages::row_shape() {
  if (!give_feature_maps()) return {part_.dimension};
  auto shape = stage_shapes().at(static_cast<size_t>(part_.first_trained) - 1);
  if (shape.size() == 3) std::rotate(shape.begin(), shape.begin() + 1, shape.end());
  return shape;
}

int64_t FrozenStages::row_numbers(int64_t stages) {
  int64_t numbers = 1;
  for (auto size : stage_shapes().at(static_cast<size_t>(stages) - 1)) numbers *= size;
  return numbers;
}

at::Tensor FrozenStages::missing_rows(int64_t count, at::ScalarType dtype) {
  auto shape = row_shape();
  shape.insert(shape.begin(), count);
  return at::full(shape, std::numeric_limits<float>::quiet_NaN(),
                  at::TensorOptions().dtype(at::kFloat).device(kept_on_))
      .to(dtype);
}

/// What is no number must not be kept as if it were one: such samples count as those that cannot be read.
at::Tensor FrozenStages::without_those_not_finite(const at::Tensor& rows, BatchLoader::Loaded& loaded) const {
  const auto wrong = rows_not_finite(rows);
  if (wrong.numel() == 0) return rows;
  std::vector<int64_t> kept;
  std::vector<SampleIndex> left;
  int64_t next = 0;
  for (int64_t row = 0; row < rows.size(0); ++row) {
    const auto sample = loaded.indices[static_cast<size_t>(row)];
    if (next < wrong.numel() && wrong.data_ptr<int64_t>()[next] == row) {
      loaded.skipped.push_back({sample, dataset_.sample_name(to_int(sample)), kNotFinite});
      ++next;
    } else {
      kept.push_back(row);
      left.push_back(sample);
    }
  }
  loaded.indices = std::move(left);
  return rows.index_select(0, at::tensor(kept, at::kLong).to(rows.device()));
}

at::Tensor FrozenStages::run(BatchLoader::Loaded& loaded, const std::vector<SampleIndex>& asked,
                             const FeatureRequest& request) {
  const auto count = static_cast<int64_t>(asked.size());
  if (loaded.indices.empty()) return missing_rows(count, request.stored);
  auto batch = loaded.batch;
  batch.data = batch.data.to(device_);
  auto rows = give_feature_maps() ? part_.frozen_feature_map(batch, request.compute) : part_.infer(batch);
  if (rows.dim() == 4) rows = rows.permute({0, 2, 3, 1});
  rows = without_those_not_finite(rows, loaded);
  if (loaded.indices.empty()) return missing_rows(count, request.stored);
  if (request.stored == at::kHalf && rows.abs().max().item<double>() > kLargestHalf) {
    throw Error(fmt::format("the {} hold numbers beyond the range of float16; set cache.{} to \"float32\"",
                            give_feature_maps() ? "maps" : "embeddings",
                            give_feature_maps() ? "map_dtype" : "embedding_dtype"));
  }
  if (rows.sizes().slice(1) != at::IntArrayRef(row_shape())) {
    throw Error(fmt::format(
        "the {} view of {} gives a map of another size than the plain view of the first picture; end "
        "data.transforms and data.train_transforms with the same exact size",
        view_name(request.view), dataset_.sample_name(to_int(loaded.indices.front()))));
  }
  rows = rows.to(kept_on_, request.stored).contiguous();
  if (rows.size(0) == count) return rows;
  auto out = missing_rows(count, request.stored);
  int64_t row = 0;
  for (size_t i = 0; i < asked.size(); ++i) {
    if (row < rows.size(0) && loaded.indices[static_cast<size_t>(row)] == asked[i]) {
      out[static_cast<int64_t>(i)].copy_(rows[row++]);
    }
  }
  return out;
}

}  // namespace kindred::host
