#include "host/data/dataset_subset.hpp"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <string>
#include <utility>

#include "host/base/content_hash.hpp"
#include "host/data/class_split.hpp"
#include "kindred/error.hpp"

namespace kindred::host {
namespace {

class DatasetSubset final : public Dataset {
 public:
  DatasetSubset(std::shared_ptr<const Dataset> all, std::vector<SampleIndex> samples)
      : all_(std::move(all)), samples_(std::move(samples)) {
    for (const auto sample : samples_) labels_.push_back(all_->labels()[static_cast<size_t>(to_int(sample))]);
  }

  ObjectKind object_kind() const override { return all_->object_kind(); }
  int64_t size() const override { return static_cast<int64_t>(samples_.size()); }
  const std::vector<int64_t>& labels() const override { return labels_; }
  std::vector<std::string> class_names() const override { return all_->class_names(); }
  at::Tensor read(int64_t index) const override { return all_->read(of(index)); }
  std::string sample_name(int64_t index) const override { return all_->sample_name(of(index)); }
  at::Tensor matrix() const override { return chosen(all_->matrix()); }
  std::string fingerprint() const override {
    ContentHash hash;
    for (const auto sample : samples_) hash.add(std::to_string(to_int(sample)) + " ");
    return fmt::format("{} of {} {}", size(), hash.hex(), all_->fingerprint());
  }
  std::vector<Field> fields() const override { return all_->fields(); }
  at::Tensor read_field(int64_t index, size_t field) const override {
    return all_->read_field(of(index), field);
  }
  at::Tensor field_matrix(size_t field) const override { return chosen(all_->field_matrix(field)); }
  std::vector<Role> roles() const override {
    const auto roles = all_->roles();
    std::vector<Role> mine;
    if (roles.empty()) return mine;
    for (const auto sample : samples_) mine.push_back(roles[static_cast<size_t>(to_int(sample))]);
    return mine;
  }
  std::vector<Note> notes() const override { return all_->notes(); }
  StoredObject stored(int64_t index, size_t field) const override { return all_->stored(of(index), field); }

 private:
  int64_t of(int64_t index) const { return to_int(samples_[static_cast<size_t>(index)]); }
  at::Tensor chosen(const at::Tensor& matrix) const {
    return matrix.defined() ? matrix.index_select(0, tensor_of(samples_)) : matrix;
  }

  const std::shared_ptr<const Dataset> all_;
  const std::vector<SampleIndex> samples_;
  std::vector<int64_t> labels_;
};

}  // namespace

std::shared_ptr<Dataset> subset_of(std::shared_ptr<const Dataset> all, std::vector<SampleIndex> samples) {
  if (all->pairs().defined())
    throw Error("a dataset of pairs cannot be taken in part, since its samples belong together");
  return std::make_shared<DatasetSubset>(std::move(all), std::move(samples));
}

}  // namespace kindred::host
