#include <ATen/ATen.h>
#include <fmt/format.h>

#include "host/contracts/module_contract.hpp"
#include "kindred/miner.hpp"

namespace kindred::host {
namespace {

/// What a miner returns is always held to its shape, dtype and device. Whether the pairs are among those
/// given can only be seen in their values: on the CPU for every batch; elsewhere a look makes the device and
/// the host wait for each other, so only the first kLookedAt batches, or parts of batches, are looked at,
/// which a miner that computes wrongly is not likely to pass. It is a MinesByAnchor, too, which says no where
/// the miner is none.
class MinerContract final : public ModuleContract<Miner>, public MinesByAnchor {
 public:
  using ModuleContract::ModuleContract;

  bool mines_by_anchor() const override {
    const auto* inner = by_anchor();
    return inner != nullptr && calls_.call("mines_by_anchor", [&] { return inner->mines_by_anchor(); });
  }
  bool gives_triplets() const override {
    const auto* inner = by_anchor();
    return inner != nullptr && calls_.call("gives_triplets", [&] { return inner->gives_triplets(); });
  }

  Mined mine(const PairBatch& batch) override {
    auto kept = calls_.call("mine", [&] { return inner_->mine(batch); });
    if (mines_by_anchor() && kept.triplets.defined() != gives_triplets()) {
      calls_.broke("mine", fmt::format("returned {}, although gives_triplets() says that it gives {}",
                                       kept.triplets.defined() ? "triplets" : "masks",
                                       gives_triplets() ? "triplets" : "masks"));
    }
    looks_ = batch.masks.positive.is_cpu() || seen_ < kLookedAt;
    ++seen_;
    if (kept.triplets.defined()) {
      check_rows("positive", kept.triplets.anchors, kept.triplets.positives, batch.masks.positive);
      check_rows("negative", kept.triplets.anchors, kept.triplets.negatives, batch.masks.negative);
    } else {
      check_mask("positive", kept.masks.positive, batch.masks.positive);
      check_mask("negative", kept.masks.negative, batch.masks.negative);
    }
    return kept;
  }

 private:
  static constexpr int64_t kLookedAt = 16;

  const MinesByAnchor* by_anchor() const { return dynamic_cast<const MinesByAnchor*>(inner_.get()); }

  void check_mask(const char* which, const at::Tensor& kept, const at::Tensor& given) const {
    if (!kept.defined() || kept.sizes() != given.sizes() || kept.scalar_type() != at::kBool ||
        kept.device() != given.device()) {
      calls_.broke("mine", fmt::format("returned {} as the mask of {} pairs; expected {}", tensor_text(kept),
                                       which, tensor_text(given)));
    }
    if (looks_ && kept.logical_and(given.logical_not()).any().item<bool>()) {
      calls_.broke("mine", fmt::format("kept a pair as {} that is none", which));
    }
  }
  void check_rows(const char* which, const at::Tensor& anchors, const at::Tensor& others,
                  const at::Tensor& given) const {
    const auto is_list = [&](const at::Tensor& x) {
      return x.defined() && x.dim() == 1 && x.scalar_type() == at::kLong && x.device() == given.device();
    };
    if (!is_list(anchors) || !is_list(others) || anchors.numel() != others.numel()) {
      calls_.broke("mine", fmt::format("returned {} as anchors and {} as their {}s; expected int64 (T) each",
                                       tensor_text(anchors), tensor_text(others), which));
    }
    if (!looks_) return;
    const auto inside = [](const at::Tensor& x, int64_t end) {
      return x.ge(0).logical_and(x.lt(end)).all().item<bool>();
    };
    if (!inside(anchors, given.size(0)) || !inside(others, given.size(1))) {
      calls_.broke("mine", fmt::format("gave row numbers outside of {} embeddings and {} references",
                                       given.size(0), given.size(1)));
    }
    const auto places = anchors * given.size(1) + others;
    if (!given.reshape({-1}).index_select(0, places).all().item<bool>()) {
      calls_.broke("mine", fmt::format("kept a pair as {} that is none", which));
    }
  }

  int64_t seen_ = 0;   ///< batches, or parts of them, mined so far
  bool looks_ = true;  ///< at the values that the present batch gave
};

}  // namespace

std::shared_ptr<Miner> under_contract(std::shared_ptr<Miner> miner, const ComponentInfo& info) {
  return std::make_shared<MinerContract>(std::move(miner), info);
}

}  // namespace kindred::host
