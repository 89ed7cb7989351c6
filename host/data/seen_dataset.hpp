#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>

#include "kindred/dataset.hpp"

namespace kindred::host {

/// Gets a picture uint8 (H, W, 3) as it was decoded, by the number of its sample. Called by the threads that
/// read.
using SeePicture = std::function<void(int64_t index, const at::Tensor& picture)>;

/// The samples of a dataset as they are, of whose first field of pictures each is shown to `see` when it is
/// read: so what else is to be made of a picture needs no second decoding.
class SeenDataset final : public Dataset {
 public:
  /// `all` must outlive it.
  SeenDataset(const Dataset& all, SeePicture see);

  ObjectKind object_kind() const override { return all_.object_kind(); }
  int64_t size() const override { return all_.size(); }
  const std::vector<int64_t>& labels() const override { return all_.labels(); }
  std::vector<std::string> class_names() const override { return all_.class_names(); }
  at::Tensor read(int64_t index) const override;
  std::string sample_name(int64_t index) const override { return all_.sample_name(index); }
  at::Tensor matrix() const override { return all_.matrix(); }
  std::string fingerprint() const override { return all_.fingerprint(); }
  std::vector<Field> fields() const override { return all_.fields(); }
  at::Tensor read_field(int64_t index, size_t field) const override;
  at::Tensor field_matrix(size_t field) const override { return all_.field_matrix(field); }
  PairList pairs() const override { return all_.pairs(); }
  std::vector<Role> roles() const override { return all_.roles(); }
  std::vector<Note> notes() const override { return all_.notes(); }
  StoredObject stored(int64_t index, size_t field) const override { return all_.stored(index, field); }

 private:
  const Dataset& all_;
  const SeePicture see_;
  size_t field_;  ///< the first one of pictures; the number of fields where there is none
};

}  // namespace kindred::host
