#pragma once

#include <string>
#include <vector>

namespace kindred {

/// Makes A to Z small, and leaves every other byte as it is, whatever the locale. [thread-safe]
std::string lower_case(std::string text);

/// What a name ends with from its last dot on, in lower case: ".jpg"; empty where it has no dot.
std::string ending_of(const std::string& path);

/// A sentence about those of `names` that end as pictures do, but not as those that are decoded: how many of
/// which format `where` has, that they are left out, and how to convert them. Empty where there are none.
/// `decoded` are endings as of ending_of(). [thread-safe]
std::string undecoded_images(const std::string& where, const std::vector<std::string>& names,
                             const std::vector<std::string>& decoded);

}  // namespace kindred
