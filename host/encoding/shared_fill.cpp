#include "host/encoding/shared_fill.hpp"

namespace kindred::host {

int64_t FillReport::filled() const {
  int64_t count = 0;
  for (const auto& one : entries) count += one.filled;
  return count;
}

int64_t FillReport::own_present() const {
  int64_t count = 0;
  for (const auto& one : entries) count += one.own_present;
  return count;
}

int64_t FillReport::missing() const {
  int64_t count = 0;
  for (const auto& one : entries) count += static_cast<int64_t>(one.missing.size());
  return count;
}

}  // namespace kindred::host
