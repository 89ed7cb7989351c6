#include "host/cache/kept_list.hpp"

#include "host/cache/entry_files.hpp"

namespace kindred::host {

std::string kept_list_name(const std::string& key) { return "equal_samples-" + key + ".json"; }

bool is_kept_list(const std::string& name) {
  const auto whole = kept_list_name(std::string(kKeyDigits, '0'));
  const bool is_temporary = name.size() == whole.size() + kTemporaryEnd && name[whole.size()] == '.';
  if (name.size() != whole.size() && !is_temporary) return false;
  const auto key = name.substr(whole.find('0'), kKeyDigits);
  return is_entry_key(key) && name.compare(0, whole.size(), kept_list_name(key)) == 0;
}

}  // namespace kindred::host
