#include "host/data/seen_dataset.hpp"

#include <algorithm>
#include <utility>

namespace kindred::host {

SeenDataset::SeenDataset(const Dataset& all, SeePicture see) : all_(all), see_(std::move(see)) {
  const auto fields = all.fields();
  const auto first = std::find_if(fields.begin(), fields.end(),
                                  [](const Field& field) { return field.kind == ObjectKind::image; });
  field_ = static_cast<size_t>(first - fields.begin());
}

at::Tensor SeenDataset::read(int64_t index) const {
  auto object = all_.read(index);
  if (field_ == 0) see_(index, object);
  return object;
}

at::Tensor SeenDataset::read_field(int64_t index, size_t field) const {
  auto object = all_.read_field(index, field);
  if (field == field_) see_(index, object);
  return object;
}

}  // namespace kindred::host
