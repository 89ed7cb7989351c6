#pragma once

#include <ATen/core/Tensor.h>

#include <string>
#include <vector>

#include "host/index/database.hpp"

namespace kindred::host {

/// Sets `mask` (bool, N) to true where an item that is not removed fits `expression`, and to false elsewhere.
///
/// The expression is SQL over the columns of an item: make = 'BMW' AND year >= 2010. It may come from a
/// stranger: it is one expression that reads these columns and calls plain functions, within a time.
/// `database` is set so that it can do nothing else from then on, so it is one of this purpose. Throws Error
/// with what SQLite says of it, and with the names of the columns.
void select_where(Database& database, const std::string& expression, const std::vector<std::string>& columns,
                  at::Tensor& mask, double seconds = 10);

}  // namespace kindred::host
