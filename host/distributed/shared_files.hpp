#pragma once

#include <string>

#include "host/distributed/communicator.hpp"

namespace kindred::host {

/// Gives every process the files that lie in `folder` of rank 0, not those in folders below it; the others
/// write them into their own `folder`, which is made. So a folder need not be on a disk that all see. Nothing
/// happens where rank 0 has no such folder. All have to call it. Throws Error.
void take_files_from_first(const std::string& folder, Communicator& communicator);

}  // namespace kindred::host
