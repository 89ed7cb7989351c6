#pragma once

#include <string>
#include <vector>

namespace kindred::host {

/// A file for browsers, which was compiled in.
struct Page {
  std::string name;  ///< "index.html"
  std::string text;
};

/// The files of host/serve/pages. They need nothing from elsewhere.
const std::vector<Page>& pages();

}  // namespace kindred::host
