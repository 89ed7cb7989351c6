#include "host/encoding/fingerprint.hpp"

#include <ATen/ATen.h>

#include <cstdint>
#include <string>

namespace kindred::host {

void Fingerprint::add(std::string_view text) {
  const uint64_t size = text.size();
  hash_.add({reinterpret_cast<const char*>(&size), sizeof(size)});
  hash_.add(text);
}

void Fingerprint::add(const std::vector<NamedTensor>& tensors) {
  for (const auto& one : tensors) {
    add(one.name);
    add(one.tensor.toString());
    for (auto size : one.tensor.sizes()) add(std::to_string(size));
    const auto plain = one.tensor.detach().cpu().contiguous();
    add(std::string_view(static_cast<const char*>(plain.data_ptr()), plain.nbytes()));
  }
}

}  // namespace kindred::host
