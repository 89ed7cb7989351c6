#include "host/encoding/feature_views.hpp"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <stdexcept>

#include "host/data/views.hpp"

namespace kindred::host {
namespace {

/// Embeddings are small, and many of them share a page.
constexpr size_t kWorthReleasing = 16 << 10;

/// Takes the pages of one row out of the process, and those around it that the kernel maps along with them
/// (64 KiB at a time), as far as they lie wholly inside the array.
void release_pages(const at::Tensor& array, const at::Tensor& row) {
  constexpr uintptr_t kAround = 64 << 10;
  static const auto page = static_cast<uintptr_t>(::sysconf(_SC_PAGESIZE));
  const auto bounds = [](const at::Tensor& tensor) {
    const auto begin = reinterpret_cast<uintptr_t>(tensor.data_ptr());
    return std::pair<uintptr_t, uintptr_t>(begin, begin + tensor.nbytes());
  };
  const auto [array_begin, array_end] = bounds(array);
  const auto [row_begin, row_end] = bounds(row);
  const auto first = std::max(row_begin / kAround * kAround, (array_begin + page - 1) / page * page);
  const auto end = std::min((row_end + kAround - 1) / kAround * kAround, array_end / page * page);
  auto* const bytes = static_cast<char*>(array.data_ptr());
  if (end > first) ::madvise(bytes + (first - array_begin), end - first, MADV_DONTNEED);
}

}  // namespace

void FeatureViews::add(int64_t view, const std::vector<SampleIndex>& samples, const at::Tensor& values,
                       bool mapped) {
  auto& places = places_[view];
  const auto array = arrays_.size();
  arrays_.push_back({values, mapped});
  for (size_t i = 0; i < samples.size(); ++i) {
    const auto sample = static_cast<size_t>(samples[i]);
    if (sample >= places.size()) places.resize(sample + 1, {0, -1});
    places[sample] = {array, static_cast<int64_t>(i)};
  }
}

FeatureViews::Place FeatureViews::place_of(const SampleView& which) const {
  const auto view = places_.find(which.view);
  const auto sample = static_cast<size_t>(which.sample);
  if (view == places_.end() || sample >= view->second.size() || view->second[sample].row < 0) {
    throw std::out_of_range("the " + view_name(which.view) + " view of sample " +
                            std::to_string(to_int(which.sample)) + " was not encoded");
  }
  return view->second[sample];
}

/// Where the arrays are in the memory of a device: a copy per array, not one per row.
void FeatureViews::gather_on_device(const std::vector<SampleView>& which, at::Tensor& out) const {
  std::map<size_t, std::pair<std::vector<int64_t>, std::vector<int64_t>>> by_array;  // rows, places in `out`
  for (size_t i = 0; i < which.size(); ++i) {
    const auto place = place_of(which[i]);
    auto& [rows, targets] = by_array[place.array];
    rows.push_back(place.row);
    targets.push_back(static_cast<int64_t>(i));
  }
  for (const auto& [array, lists] : by_array) {
    const auto& values = arrays_[array].values;
    const auto rows = at::tensor(lists.first, at::kLong).to(values.device());
    out.index_copy_(0, at::tensor(lists.second, at::kLong).to(out.device()),
                    values.index_select(0, rows).to(out.device(), out.scalar_type()));
  }
}

at::Tensor FeatureViews::gather(const std::vector<SampleView>& which, at::ScalarType dtype) const {
  at::NoGradGuard no_grad;
  std::vector<int64_t> shape = arrays_.at(0).values.sizes().vec();
  shape[0] = static_cast<int64_t>(which.size());
  const auto device = arrays_.front().values.device();
  auto out = at::empty(shape, at::TensorOptions().dtype(dtype).device(device));
  if (!device.is_cpu()) {
    gather_on_device(which, out);
    return out;
  }
  for (size_t i = 0; i < which.size(); ++i) {
    const auto place = place_of(which[i]);
    const auto& array = arrays_[place.array];
    const auto row = array.values.select(0, place.row);
    out.select(0, static_cast<int64_t>(i)).copy_(row);
    if (array.mapped && row.nbytes() >= kWorthReleasing) release_pages(array.values, row);
  }
  return out;
}

}  // namespace kindred::host
