#pragma once

#include <vector>

#include "host/base/page.hpp"

namespace kindred::host {

/// The files of host/serve/pages. They need nothing from elsewhere.
const std::vector<Page>& pages();

}  // namespace kindred::host
