#pragma once

#include <memory>
#include <vector>

#include "host/base/index_types.hpp"
#include "kindred/dataset.hpp"

namespace kindred::host {

/// Some samples of a dataset as one of their own; labels, names and objects stay what they are. Throws Error
/// for a dataset of pairs, whose samples belong together.
std::shared_ptr<Dataset> subset_of(std::shared_ptr<const Dataset> all, std::vector<SampleIndex> samples);

}  // namespace kindred::host
