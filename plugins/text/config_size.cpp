#include "config_size.hpp"

#include <string>

#include "kindred/error.hpp"

namespace kindred {

int64_t checked_size(const JsonFile& file, const char* key, int64_t value, int64_t largest) {
  if (value >= 1 && value <= largest) return value;
  throw Error(file.path() + " has \"" + key + "\" as " + std::to_string(value) + ", expected 1 to " +
              std::to_string(largest));
}

}  // namespace kindred
