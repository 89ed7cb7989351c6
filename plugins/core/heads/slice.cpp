#include <string>

#include "kindred/error.hpp"
#include "kindred/head.hpp"
#include "kindred/plugin.hpp"

namespace kindred {
namespace {

/// `count` numbers of an embedding from the place `first` on. No paper. In a switch it takes what one of
/// several encoders gave; elsewhere it cuts embeddings that were trained for it (Kusupati et al. 2022).
class SliceHead final : public Head {
 public:
  static constexpr const char* kAlsoKnownAs[] = {"Slice", "Narrow", "Truncate"};
  struct Params {
    int64_t first = 0;
    int64_t count = 0;
    static void describe(Schema<Params>& schema) {
      schema.field("first", &Params::first)
          .doc("Place of the first number that is taken, counted from 0.")
          .range(0, 1 << 20);
      schema.field("count", &Params::count)
          .doc("How many numbers are taken; 0: all from the first one on.")
          .range(0, 1 << 20);
    }
  };

  SliceHead(const Params& params, const Site& site) : first_(params.first), count_(params.count) {
    const auto dimension = site.input_dimension;
    if (count_ == 0) count_ = dimension - first_;
    if (count_ < 1 || first_ + count_ > dimension) {
      throw Error("\"first\" is " + std::to_string(first_) + " and \"count\" is " +
                  std::to_string(params.count) + ", expected places of an embedding of " +
                  std::to_string(dimension) + " numbers");
    }
  }

  int64_t output_dimension() const override { return count_; }
  at::Tensor forward(const at::Tensor& embeddings) override {
    return embeddings.narrow(1, first_, count_).contiguous();
  }

 private:
  int64_t first_, count_;
};

}  // namespace
KINDRED_COMPONENT(Head, SliceHead, "kindred.slice", "1.0.0", "Takes some of the numbers of an embedding");
}  // namespace kindred
