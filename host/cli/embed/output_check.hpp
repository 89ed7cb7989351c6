#pragma once

#include <string>
#include <vector>

namespace kindred::host {

/// Throws UsageError where one of the files that an embedding with this array writes is one of `inputs`,
/// under whatever name: it would be overwritten. Folders among them, and what does not exist, are passed
/// over.
void check_output_is_no_input(const std::string& array, const std::vector<std::string>& inputs);

}  // namespace kindred::host
