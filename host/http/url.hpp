#pragma once

#include <map>
#include <string>
#include <string_view>

namespace kindred::host {

/// Takes a request's target apart: "/search?k=3" into its path, which stays encoded, and its decoded query.
/// False where it is no path, or the query cannot be decoded.
bool split_target(std::string_view target, std::string& path, std::map<std::string, std::string>& query);

}  // namespace kindred::host
