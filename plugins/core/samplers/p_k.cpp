#include <ATen/ATen.h>

#include <algorithm>
#include <map>

#include "batches.hpp"
#include "kindred/batch_sampler.hpp"
#include "kindred/plugin.hpp"
#include "kindred/random.hpp"

namespace kindred {
namespace {

/// P classes x K samples per batch (Hermans, Beyer, Leibe 2017). An epoch deals out every class's samples
/// in random order in groups of K; a class's last group is filled up with other samples of the class, so
/// each sample appears at least once. A class with fewer than K samples gives one group of all it has,
/// without repeats; a class with a single sample is left out, because it forms no pair.
class ClassesTimesSamples final : public BatchSampler {
 public:
  static constexpr const char* kAlsoKnownAs[] = {"MPerClassSampler", "BalanceSampler",
                                                 "PKSampler",        "GroupByLabelBatchSampler",
                                                 "GROUP_BY_LABEL",   "RandomIdentitySampler"};
  struct Params {
    int64_t classes = 32;
    int64_t samples = 4;
    int64_t batches = 0;
    static void describe(Schema<Params>& schema) {
      schema.field("classes", &Params::classes).doc("P: classes per batch.").range(2, 1 << 20);
      schema.field("samples", &Params::samples)
          .doc(
              "K: samples of each of them. A class that has fewer gives all it has, without repeats; one "
              "with a single sample is left out.")
          .range(2, 1 << 20);
      schema.field("batches", &Params::batches)
          .doc("Batches per epoch; 0 takes as many as show every sample once.")
          .range(0, 1 << 24);
    }
  };

  explicit ClassesTimesSamples(Params params) : params_(params) {}

  std::vector<at::Tensor> batches(const at::Tensor& labels, uint64_t seed, int64_t epoch) override {
    const auto rows = rows_with_partners(labels, "p_k");
    std::vector<at::Tensor> result;
    for (uint64_t round = 0; result.empty() || static_cast<int64_t>(result.size()) < params_.batches;
         ++round) {
      Random random(seed, 0x9a1e, epoch, round);
      deal(rows, random, result);
    }
    if (params_.batches > 0) result.resize(static_cast<size_t>(params_.batches));
    return result;
  }

 private:
  using Group = std::vector<int64_t>;

  /// Appends the batches of one pass over the data.
  void deal(const std::map<int64_t, Group>& rows, Random& random, std::vector<at::Tensor>& out) const {
    std::vector<std::vector<Group>> piles;  // per class, groups still to be dealt
    for (const auto& [label, members] : rows) piles.push_back(groups_of(members, params_.samples, random));
    // The classes with most groups left come first, so that the last batches do not run out of classes.
    std::vector<size_t> order(piles.size());
    for (size_t i = 0; i < order.size(); ++i) order[i] = i;
    for (;;) {
      random.shuffle(order.begin(), order.end());
      std::stable_sort(order.begin(), order.end(),
                       [&](size_t a, size_t b) { return piles[a].size() > piles[b].size(); });
      Group batch;
      int64_t classes = 0;
      for (const auto i : order) {
        if (classes == params_.classes || piles[i].empty()) break;
        batch.insert(batch.end(), piles[i].back().begin(), piles[i].back().end());
        piles[i].pop_back();
        ++classes;
      }
      if (classes < 2) return;  // one class alone teaches nothing
      out.push_back(at::tensor(batch, at::kLong));
    }
  }

  Params params_;
};

}  // namespace
KINDRED_COMPONENT(BatchSampler, ClassesTimesSamples, "kindred.p_k", "1.0.0",
                  "P classes times K samples per batch");
}  // namespace kindred
