#pragma once

#include <memory>

#include "kindred/dataset.hpp"

namespace kindred::host {

/// One field of a dataset's samples as a dataset of its own, with the same samples and labels. `dataset` must
/// outlive it.
std::unique_ptr<Dataset> field_dataset(const Dataset& dataset, size_t field);

}  // namespace kindred::host
