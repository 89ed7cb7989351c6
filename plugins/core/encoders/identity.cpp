#include <ATen/ATen.h>

#include "kindred/encoder.hpp"
#include "kindred/plugin.hpp"

namespace kindred {
namespace {

class IdentityEncoder final : public Encoder {
 public:
  using Params = NoParams;
  explicit IdentityEncoder(Params) {}
  ObjectKind object_kind() const override { return ObjectKind::vector; }
  int64_t dimension() const override { return 0; }
  at::Tensor prepare(const Batch& batch, at::ScalarType) const override { return batch.data; }
  at::Tensor run_stages(const at::Tensor& input, int64_t, int64_t) override { return input.to(at::kFloat); }
};

}  // namespace
KINDRED_COMPONENT(Encoder, IdentityEncoder, "kindred.identity", "1.0.0", "Stored vectors are the embeddings");
}  // namespace kindred
