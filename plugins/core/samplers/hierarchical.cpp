#include <ATen/ATen.h>

#include <algorithm>
#include <map>

#include "batches.hpp"
#include "kindred/batch_sampler.hpp"
#include "kindred/error.hpp"
#include "kindred/plugin.hpp"
#include "kindred/random.hpp"
#include "super_classes.hpp"

namespace kindred {
namespace {

/// Batches of a few super classes, of classes in each, and of samples in each of those, so that classes of
/// one super class, which are the hardest to tell apart, meet, and some of others beside them (in the spirit
/// of Cakir et al. 2019, whose sampler, that of pytorch-metric-learning, too, draws batches for every pair of
/// super classes). An epoch deals out
/// every class's samples in random order in groups of `samples`, as p_k does, so that each sample of a class
/// that has two is seen at least once, unless that class alone is left at the end; super classes and classes
/// with most groups left come first. Where a super class has too few classes, others have more.
class HierarchicalSampler final : public BatchSampler {
 public:
  static constexpr const char* kAlsoKnownAs[] = {"CategoryBalanceSampler", "DistinctCategoryBalanceSampler"};
  struct Params {
    std::string super_classes_file;
    int64_t batch_size = 128;
    int64_t samples = 4;
    int64_t super_classes = 4;
    static void describe(Schema<Params>& schema) {
      schema.field("super_classes_file", &Params::super_classes_file)
          .doc(
              "One integer per line, or a JSON array of them: the super class of the class with label 0, of "
              "the one with label 1 and so on, for all classes of the dataset.")
          .path()
          .example("\"super_classes.txt\"")
          .required();
      schema.field("batch_size", &Params::batch_size)
          .doc("Samples per batch, at most.")
          .unit("samples")
          .range(4, 1 << 24);
      schema.field("samples", &Params::samples).doc("Samples of each class in a batch.").range(2, 1 << 20);
      schema.field("super_classes", &Params::super_classes)
          .doc("Super classes in a batch.")
          .range(1, 1 << 20);
    }
  };

  explicit HierarchicalSampler(Params params)
      : params_(std::move(params)),
        super_class_(read_super_classes(params_.super_classes_file)),
        classes_(params_.batch_size / params_.samples) {
    const auto least = std::max<int64_t>(2, params_.super_classes);
    if (classes_ < least) {
      throw Error("hierarchical: a \"batch_size\" of " + std::to_string(params_.batch_size) +
                  " has no room for " + std::to_string(least) + " classes of " +
                  std::to_string(params_.samples) +
                  " samples, two at least and one of each super class; make " +
                  "it larger, or \"super_classes\" or \"samples\" smaller");
    }
  }

  std::vector<at::Tensor> batches(const at::Tensor& labels, uint64_t seed, int64_t epoch) override {
    const auto rows = rows_with_partners(labels, "hierarchical");
    check_labels(rows.begin()->first, rows.rbegin()->first);
    Random random(seed, 0x41e2, epoch);
    std::map<int64_t, SuperClass> by_number;
    for (const auto& [label, members] : rows) {
      by_number[super_class_[static_cast<size_t>(label)]].push_back(
          groups_of(members, params_.samples, random));
    }
    std::vector<SuperClass> all;
    for (auto& [number, classes] : by_number) all.push_back(std::move(classes));
    std::vector<at::Tensor> result;
    for (auto batch = dealt(all, random); !batch.empty(); batch = dealt(all, random))
      result.push_back(at::tensor(batch, at::kLong));
    return result;
  }

 private:
  using Group = std::vector<int64_t>;
  using SuperClass = std::vector<std::vector<Group>>;  // per class, groups still to be dealt

  void check_labels(int64_t smallest, int64_t largest) const {
    if (smallest >= 0 && largest < static_cast<int64_t>(super_class_.size())) return;
    throw Error("hierarchical: " + params_.super_classes_file + " has the super classes of " +
                std::to_string(super_class_.size()) + " classes, labels 0 to " +
                std::to_string(super_class_.size() - 1) + ", but the training data has label " +
                std::to_string(smallest < 0 ? smallest : largest) +
                "; give a line for every class of the dataset, in the order of their labels");
  }

  /// What one batch takes; empty when fewer than two classes are left, which teach nothing.
  Group dealt(std::vector<SuperClass>& all, Random& random) const {
    Group batch;
    int64_t room = classes_;
    auto chosen = fullest(all, groups_left, params_.super_classes, random);
    // The emptiest takes first: what it leaves of its share is for the others.
    for (; !chosen.empty(); chosen.pop_back()) {
      auto& classes = all[chosen.back()];
      const auto share = room / static_cast<int64_t>(chosen.size());
      for (const auto c : fullest(
               classes, [](const auto& groups) { return groups.size(); }, share, random)) {
        batch.insert(batch.end(), classes[c].back().begin(), classes[c].back().end());
        classes[c].pop_back();
        --room;
      }
    }
    return classes_ - room < 2 ? Group() : batch;
  }

  static size_t groups_left(const SuperClass& super_class) {
    size_t sum = 0;
    for (const auto& pile : super_class) sum += pile.size();
    return sum;
  }

  /// The places of the `count` largest, of those that are not empty; equals in random order. Taking from the
  /// fullest keeps the last batches of an epoch from running out of classes.
  template <class Items, class Size>
  static std::vector<size_t> fullest(const Items& items, Size size, int64_t count, Random& random) {
    std::vector<size_t> order;
    for (size_t i = 0; i < items.size(); ++i) {
      if (size(items[i]) > 0) order.push_back(i);
    }
    random.shuffle(order.begin(), order.end());
    std::stable_sort(order.begin(), order.end(),
                     [&](size_t a, size_t b) { return size(items[a]) > size(items[b]); });
    order.resize(std::min(order.size(), static_cast<size_t>(count)));
    return order;
  }

  Params params_;
  std::vector<int64_t> super_class_;  ///< by label
  int64_t classes_;                   ///< in a batch
};

}  // namespace
KINDRED_COMPONENT(BatchSampler, HierarchicalSampler, "kindred.hierarchical", "1.0.0",
                  "Super classes, classes of each and samples of those per batch");
}  // namespace kindred
