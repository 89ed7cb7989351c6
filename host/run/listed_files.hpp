#pragma once

#include "host/run/check_data.hpp"

namespace kindred::host {

/// Looks whether the files that a dataset reads its samples from are there, which reading them would tell one
/// by one. Missing ones become an issue of `found` where data.on_error or data.max_skipped do not allow them,
/// else a warning.
void look_for_files(const Dataset& dataset, const Pipeline& pipeline, DataCheck& found);

}  // namespace kindred::host
