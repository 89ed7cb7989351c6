#include "host/data/field_dataset.hpp"

namespace kindred::host {
namespace {

class FieldDataset final : public Dataset {
 public:
  FieldDataset(const Dataset& dataset, size_t field)
      : dataset_(dataset), field_(field), described_(dataset.fields().at(field)) {}

  ObjectKind object_kind() const override { return described_.kind; }
  int64_t size() const override { return dataset_.size(); }
  const std::vector<int64_t>& labels() const override { return dataset_.labels(); }
  std::vector<std::string> class_names() const override { return dataset_.class_names(); }
  at::Tensor read(int64_t index) const override { return dataset_.read_field(index, field_); }
  std::string sample_name(int64_t index) const override {
    const auto name = dataset_.sample_name(index);
    return described_.name.empty() ? name : name + " (" + described_.name + ")";
  }
  at::Tensor matrix() const override { return dataset_.field_matrix(field_); }
  std::string fingerprint() const override {
    auto text = dataset_.fingerprint();
    if (!described_.name.empty()) text += "\nfield " + described_.name;
    return text;
  }
  PairList pairs() const override { return dataset_.pairs(); }
  std::vector<Role> roles() const override { return dataset_.roles(); }
  StoredObject stored(int64_t index, size_t) const override { return dataset_.stored(index, field_); }

 private:
  const Dataset& dataset_;
  const size_t field_;
  const Field described_;
};

}  // namespace

std::unique_ptr<Dataset> field_dataset(const Dataset& dataset, size_t field) {
  return std::make_unique<FieldDataset>(dataset, field);
}

}  // namespace kindred::host
