#pragma once

#include <string>

namespace kindred::host {

/// A file for browsers, which was compiled in.
struct Page {
  std::string name;  ///< "index.html"
  std::string text;
};

}  // namespace kindred::host
