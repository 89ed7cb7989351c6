#include <ATen/ATen.h>

#include <limits>

#include "core/losses/chosen_entries.hpp"
#include "core/losses/pair_terms.hpp"
#include "kindred/loss.hpp"
#include "kindred/plugin.hpp"

namespace kindred {
namespace {

/// Normalised temperature-scaled cross-entropy (Sohn 2016; Chen et al. 2020, eq. 1), on cosine similarities
/// s:
///   l_ap = log(1 + sum_n exp((s_an - s_ap) / temperature))
/// averaged over the positive pairs. Other positives of an anchor are not in the sum.
class NtXentLoss final : public AnchorLoss {
 public:
  static constexpr const char* kAlsoKnownAs[] = {"InfoNCE", "NTXent", "SimCLR"};
  struct Params {
    double temperature = 0.07;
    static void describe(Schema<Params>& schema) {
      schema.field("temperature", &Params::temperature)
          .doc("Smaller values let the hardest negatives dominate.")
          .range(0.001, 100);
    }
  };

  explicit NtXentLoss(const Params& params) : params_(params) {}

  LossSums sum_over_anchors(const PairBatch& batch) override {
    const auto logits = cosine_similarities(batch) / params_.temperature;
    // An anchor without negatives has a loss of zero: softplus of a very negative number.
    const auto negatives = masked_logsumexp(logits, batch.masks.negative, kNothing);
    const ChosenEntries positives(batch.masks.positive);
    return positives.sums(log_one_plus_exp(positives.of_rows(negatives) - positives.of(logits)));
  }

 private:
  Params params_;
};

}  // namespace
KINDRED_COMPONENT(Loss, NtXentLoss, "kindred.nt_xent", "1.0.0",
                  "Cross-entropy of each positive pair against the anchor's negatives (InfoNCE)");
}  // namespace kindred
