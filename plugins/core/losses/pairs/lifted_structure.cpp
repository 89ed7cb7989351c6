#include <ATen/ATen.h>

#include <algorithm>

#include "core/losses/chosen_entries.hpp"
#include "core/losses/pair_distance.hpp"
#include "core/losses/pair_terms.hpp"
#include "core/losses/pairs/lifted_tiles.hpp"
#include "kindred/loss.hpp"
#include "kindred/plugin.hpp"

namespace kindred {
namespace {

/// Lifted structure loss (Song et al. 2016, eq. 4), with distances d and a margin m:
///   J_ij = log(sum_{n in N(i)} exp(m - d_in) + sum_{n in N(j)} exp(m - d_jn)) + d_ij
///   half the mean of relu(J_ij)^2 over the positive pairs
/// or, `generalized` (Hermans, Beyer, Leibe 2017, section 2), per anchor
///   relu(log sum_p exp(d_ip) + log sum_n exp(m - d_in))
/// averaged over the batch. Of an anchor that lacks one kind the other counts alone, as in
/// pytorch-metric-learning: a sample without positives is still pushed from its negatives.
class LiftedStructureLoss final : public AnchorLoss {
 public:
  static constexpr const char* kAlsoKnownAs[] = {"GeneralizedLiftedStructureLoss", "LiftedStructLoss",
                                                 "Lifted"};
  struct Params : PairDistanceParams {
    // As in the paper embeddings keep their length: between vectors of length 1 all distances are alike, and
    // the exponentials hardly tell near from far.
    Params() : PairDistanceParams("euclidean") { normalize = false; }
    double margin = 1.0;
    bool generalized = false;
    static void describe(Schema<Params>& schema) {
      schema.field("margin", &Params::margin).doc("How far negatives are pushed.").range(0, 1000);
      schema.field("generalized", &Params::generalized)
          .doc("Compares all positives of an anchor at once with all its negatives.");
      describe_distance(schema);
    }
  };

  explicit LiftedStructureLoss(const Params& params) : params_(params), distance_(params) {}

  /// The other end of a pair is another anchor.
  bool is_sum_over_anchors() const override { return params_.generalized; }

  LossSums sum_over_anchors(const PairBatch& batch) override {
    const auto d = distance_.matrix(batch);
    const auto positive = masked_logsumexp(d, batch.masks.positive, 0);
    const auto negative = masked_logsumexp(params_.margin - d, batch.masks.negative, 0);
    return sums_of_all((positive + negative).relu());
  }

  at::Tensor forward(const at::Tensor& embeddings, const at::Tensor& labels) override {
    const auto rows = embeddings.size(0);
    if (params_.generalized || rows < kLargeBatch) return AnchorLoss::forward(embeddings, labels);
    return lifted_loss_by_tiles(distance_, params_.margin, embeddings, labels,
                                std::max<int64_t>(1, kTilePairs / rows));
  }

  at::Tensor forward_pairs(const PairBatch& batch) override {
    return params_.generalized ? AnchorLoss::forward_pairs(batch)
                               : lifted(distance_.matrix(batch), batch.masks);
  }

 private:
  /// A matrix of so many rows and columns takes 256 MB, and a gradient needs several. Tiles, which have at
  /// most so many pairs, compute distances twice.
  static constexpr int64_t kLargeBatch = 8192, kTilePairs = int64_t{1} << 23;

  at::Tensor lifted(const at::Tensor& d, const PairMasks& masks) const {
    const auto gaps = params_.margin - d;
    const int64_t batch = d.size(0);
    const auto of_anchors = masked_logsumexp(gaps, masks.negative, kNothing);  // (B)
    // Rows that come from earlier batches are compared with the anchors only.
    const auto of_others =
        masked_logsumexp(gaps.slice(1, batch).t(), masks.negative.slice(1, batch).t(), kNothing);
    const auto of_references = at::cat({of_anchors, of_others});  // (R)
    const ChosenEntries positives(masks.positive);
    const auto lifted =
        lifted_pairs(positives.of_rows(of_anchors), positives.of_columns(of_references), positives.of(d));
    return loss_of(positives.sums(lifted.relu().square())) / 2;
  }

  Params params_;
  PairDistance distance_;
};

}  // namespace
KINDRED_COMPONENT(Loss, LiftedStructureLoss, "kindred.lifted_structure", "1.0.0",
                  "Each positive pair against the smooth hardest negatives of both its ends");
}  // namespace kindred
