#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "host/base/index_types.hpp"
#include "kindred/dataset.hpp"

namespace kindred::host {

/// The number of the first field of a kind, -1 when there is none.
int64_t field_of_kind(const Dataset& dataset, ObjectKind kind);

/// The text of a sample on one line, of a long one its beginning. One that cannot be read says why.
std::string shown_text(const Dataset& dataset, SampleIndex sample, size_t field);

/// The name of a class among a dataset's `class_names`, else its label.
std::string class_title(const std::vector<std::string>& class_names, int64_t label);

}  // namespace kindred::host
