#pragma once

#include "kindred/index.hpp"

namespace kindred {

/// Throws Error, in a sentence for whoever searches, when queries or request do not fit the rows.
void check_search(const StoredRows& rows, Distance distance, const at::Tensor& queries,
                  const IndexSearch& request);

/// The part of it that does not ask for the request.
void check_queries(const StoredRows& rows, Distance distance, const at::Tensor& queries);

}  // namespace kindred
