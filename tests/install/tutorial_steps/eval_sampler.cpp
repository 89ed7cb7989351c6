#include "kindred/eval_sampler.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <map>

#include "kindred/plugin.hpp"
#include "kindred/random.hpp"

namespace {

/// Samples drawn of each class are the queries.
class MyEvalSampler final : public kindred::EvalSampler {
 public:
  struct Params {
    int64_t per_class = 1;
    static void describe(kindred::Schema<Params>& schema) {
      schema.field("per_class", &Params::per_class).doc("Queries of each class.").range(1, 1 << 20);
    }
  };
  explicit MyEvalSampler(const Params& params) : per_class_(params.per_class) {}

  // shown in the tutorial:
  at::Tensor queries(const at::Tensor& labels, uint64_t seed) override {
    std::map<int64_t, std::vector<int64_t>> classes;
    const auto plain = labels.contiguous();
    for (int64_t i = 0; i < plain.numel(); ++i) classes[plain.data_ptr<int64_t>()[i]].push_back(i);
    std::vector<int64_t> rows;
    for (auto& [label, members] : classes) {
      kindred::Random(seed, label).shuffle(members.begin(), members.end());
      if (static_cast<int64_t>(members.size()) > per_class_) members.resize(static_cast<size_t>(per_class_));
      rows.insert(rows.end(), members.begin(), members.end());
    }
    std::sort(rows.begin(), rows.end());
    return at::tensor(rows, at::kLong);
  }
  // end

 private:
  int64_t per_class_;
};

}  // namespace

KINDRED_COMPONENT(kindred::EvalSampler, MyEvalSampler, "my.next_eval_sampler", "0.1.0",
                  "Samples drawn of each class");
