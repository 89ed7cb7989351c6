#include "host/serve/numbers_text.hpp"

#include <charconv>

#include "host/http/base64.hpp"

namespace kindred::host {

std::string numbers_text(const at::Tensor& row) {
  const auto plain = row.contiguous();
  const auto* numbers = plain.data_ptr<float>();
  std::string out = "[";
  char digits[32];
  for (int64_t i = 0; i < plain.numel(); ++i) {
    if (i > 0) out += ',';
    const auto end = std::to_chars(digits, digits + sizeof(digits), numbers[i]).ptr;
    out.append(digits, end);
  }
  return out + "]";
}

std::string numbers_base64(const at::Tensor& row) {
  const auto plain = row.contiguous();
  return "\"" +
         base64_text({static_cast<const char*>(plain.data_ptr()), static_cast<size_t>(plain.nbytes())}) +
         "\"";
}

}  // namespace kindred::host
