#pragma once

#include <string>

namespace kindred::host {

/// What tells a model from others: a hash of its components with their parameters and versions, of its
/// tensors and of its resources, as 32 hexadecimal digits. Equal models give equal embeddings; the name, the
/// metrics and where the folder lies do not count. `folder` is that of a servable, as model_folder() gives
/// it. Throws Error.
std::string model_fingerprint(const std::string& folder);

}  // namespace kindred::host
