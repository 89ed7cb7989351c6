#pragma once

#include <string>

namespace kindred::host {

/// A page that shows /openapi.json to people. It needs nothing from elsewhere.
const std::string& docs_page();

}  // namespace kindred::host
