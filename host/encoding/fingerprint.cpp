#define XXH_INLINE_ALL
#include "host/encoding/fingerprint.hpp"

#include <ATen/ATen.h>
#include <xxhash.h>

#include <cstdio>
#include <new>

namespace kindred::host {

Fingerprint::Fingerprint() : state_(XXH3_createState()) {
  if (state_ == nullptr) throw std::bad_alloc();
  XXH3_128bits_reset(static_cast<XXH3_state_t*>(state_));
}

Fingerprint::~Fingerprint() { XXH3_freeState(static_cast<XXH3_state_t*>(state_)); }

void Fingerprint::add(std::string_view text) {
  const uint64_t size = text.size();
  XXH3_128bits_update(static_cast<XXH3_state_t*>(state_), &size, sizeof(size));
  XXH3_128bits_update(static_cast<XXH3_state_t*>(state_), text.data(), text.size());
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

std::string Fingerprint::hex() const {
  const auto hash = XXH3_128bits_digest(static_cast<const XXH3_state_t*>(state_));
  char text[33];
  std::snprintf(text, sizeof(text), "%016llx%016llx", static_cast<unsigned long long>(hash.high64),
                static_cast<unsigned long long>(hash.low64));
  return text;
}

}  // namespace kindred::host
