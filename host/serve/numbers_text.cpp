#include "host/serve/numbers_text.hpp"

#include "host/base/text_forms/base64.hpp"
#include "host/base/text_forms/number_text.hpp"

namespace kindred::host {

std::string numbers_text(const at::Tensor& row) {
  const auto plain = row.contiguous();
  return number_list(plain.data_ptr<float>(), plain.numel());
}

std::string numbers_base64(const at::Tensor& row) {
  const auto plain = row.contiguous();
  return "\"" +
         base64_text({static_cast<const char*>(plain.data_ptr()), static_cast<size_t>(plain.nbytes())}) +
         "\"";
}

}  // namespace kindred::host
