#include "kindred/distance.hpp"
#include "kindred/head.hpp"
#include "kindred/plugin.hpp"

namespace kindred {
namespace {

/// x / max(|x|_2, 1e-12), embeddings of length 1 as in FaceNet (Schroff, Kalenichenko, Philbin 2015,
/// section 3.1); zero stays zero.
class L2NormalizeHead final : public Head {
 public:
  static constexpr const char* kAlsoKnownAs[] = {"Normalize", "L2Norm", "L2Normalization"};
  using Params = NoParams;

  L2NormalizeHead(const Params&, const Site& site) : dimension_(site.input_dimension) {}

  int64_t output_dimension() const override { return dimension_; }
  at::Tensor forward(const at::Tensor& embeddings) override { return l2_normalized(embeddings); }

 private:
  int64_t dimension_;
};

}  // namespace
KINDRED_COMPONENT(Head, L2NormalizeHead, "kindred.l2_normalize", "1.0.0", "Brings embeddings to length 1");
}  // namespace kindred
