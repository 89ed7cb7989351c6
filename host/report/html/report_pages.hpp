#pragma once

#include <vector>

#include "host/base/page.hpp"

namespace kindred::host {

/// The files of host/report/html/pages, which every page for people gets within it.
const std::vector<Page>& report_pages();

}  // namespace kindred::host
