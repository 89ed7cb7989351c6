#include <ATen/ATen.h>
#include <fmt/format.h>

#include "host/contracts/contract.hpp"
#include "kindred/decoder.hpp"

namespace kindred::host {
namespace {

class DecoderContract final : public Contract<Decoder> {
 public:
  using Contract::Contract;

  bool recognizes(std::string_view bytes) const override {
    return calls_.call("recognizes", [&] { return inner_->recognizes(bytes); });
  }
  at::Tensor decode(std::string_view bytes, const std::string& name) const override {
    const auto running = calls_.running("decode");
    auto out = inner_->decode(bytes, name);
    if (!is_image(out)) {
      calls_.broke("decode", fmt::format("returned {} for {}; expected uint8 (H, W, 3) on cpu",
                                         tensor_text(out), name));
    }
    return out;
  }
  std::vector<std::string> extensions() const override {
    return calls_.call("extensions", [&] { return inner_->extensions(); });
  }
  std::vector<std::string> examples() const override {
    return calls_.call("examples", [&] { return inner_->examples(); });
  }
};

}  // namespace

std::shared_ptr<Decoder> under_contract(std::shared_ptr<Decoder> component, const ComponentInfo& info) {
  return std::make_shared<DecoderContract>(std::move(component), info);
}

}  // namespace kindred::host
