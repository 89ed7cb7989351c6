#include <ATen/ATen.h>

#include <algorithm>
#include <map>

#include "batches.hpp"
#include "kindred/batch_sampler.hpp"
#include "kindred/plugin.hpp"
#include "kindred/random.hpp"

namespace kindred {
namespace {

/// P classes x K samples, where classes that the model confuses meet: a class and its nearest classes by the
/// cosine of their mean embeddings, then another one and its nearest, until there are P. (Sohn 2016,
/// section 3.2.2, and Suh et al. 2019 choose hard classes in this spirit.) Every class begins such a group in
/// turn.
class HardClassSampler final : public BatchSampler {
 public:
  struct Params {
    int64_t classes = 32;
    int64_t samples = 4;
    int64_t neighbours = 3;
    int64_t refresh_epochs = 1;
    static void describe(Schema<Params>& schema) {
      schema.field("classes", &Params::classes).doc("P: classes per batch.").range(2, 1 << 20);
      schema.field("samples", &Params::samples).doc("K: samples of each of them.").range(2, 1 << 20);
      schema.field("neighbours", &Params::neighbours)
          .doc("Nearest classes that come with a class.")
          .range(1, 1 << 20);
      schema.field("refresh_epochs", &Params::refresh_epochs)
          .doc("Every how many epochs it is computed anew which classes are near.")
          .unit("epochs")
          .range(1, 1 << 20);
    }
  };
  explicit HardClassSampler(Params params) : params_(params) {}

  int64_t refresh_epochs() const override { return params_.refresh_epochs; }

  void see_class_means(const at::Tensor& classes, const at::Tensor& means) override {
    nearest_.clear();
    const int64_t count = classes.numel(), kept = std::min(count - 1, 2 * params_.classes);
    if (kept < 1) return;
    const auto similarity = means.matmul(means.t()).fill_diagonal_(-2);
    const auto order = std::get<1>(similarity.topk(kept, 1)).contiguous();
    const auto plain = classes.contiguous();
    for (int64_t i = 0; i < count; ++i) {
      auto& list = nearest_[plain.data_ptr<int64_t>()[i]];
      for (int64_t j = 0; j < kept; ++j) {
        list.push_back(plain.data_ptr<int64_t>()[order.data_ptr<int64_t>()[i * kept + j]]);
      }
    }
  }

  std::vector<at::Tensor> batches(const at::Tensor& labels, uint64_t seed, int64_t epoch) override {
    auto rows = rows_with_partners(labels, "hard_class");
    Random random(seed, 0x4a2d, epoch);
    std::vector<int64_t> turn;  // of beginning a group
    for (const auto& [label, unused] : rows) turn.push_back(label);
    random.shuffle(turn.begin(), turn.end());
    const auto per_batch = std::min<int64_t>(params_.classes, static_cast<int64_t>(rows.size()));
    const int64_t count = std::max<int64_t>(1, labels.numel() / (per_batch * params_.samples));
    std::vector<at::Tensor> result;
    size_t next = 0;
    for (int64_t b = 0; b < count; ++b) {
      std::vector<int64_t> chosen;
      const auto take = [&](int64_t label) {
        if (static_cast<int64_t>(chosen.size()) == per_batch || rows.find(label) == rows.end() ||
            std::find(chosen.begin(), chosen.end(), label) != chosen.end()) {
          return false;
        }
        chosen.push_back(label);
        return true;
      };
      while (static_cast<int64_t>(chosen.size()) < per_batch) {
        const auto first = turn[next++ % turn.size()];
        take(first);
        int64_t followers = 0;
        for (const auto label : nearest_[first]) {
          if (followers == params_.neighbours) break;
          followers += take(label) ? 1 : 0;
        }
      }
      result.push_back(at::tensor(samples_of(chosen, rows, random), at::kLong));
    }
    return result;
  }

 private:
  std::vector<int64_t> samples_of(const std::vector<int64_t>& labels,
                                  std::map<int64_t, std::vector<int64_t>>& rows, Random& random) const {
    std::vector<int64_t> batch;
    for (const auto label : labels) {
      auto& members = rows[label];
      random.shuffle(members.begin(), members.end());
      const auto size = std::min(static_cast<size_t>(params_.samples), members.size());
      batch.insert(batch.end(), members.begin(), members.begin() + static_cast<int64_t>(size));
    }
    return batch;
  }

  Params params_;
  std::map<int64_t, std::vector<int64_t>>
      nearest_;  ///< by class, nearest first; empty before any means were seen
};

}  // namespace
KINDRED_COMPONENT(BatchSampler, HardClassSampler, "kindred.hard_class", "1.0.0",
                  "P classes that the model confuses times K samples");
}  // namespace kindred
