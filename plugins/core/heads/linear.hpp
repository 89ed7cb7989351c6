#pragma once

#include <string>
#include <vector>

#include "kindred/module.hpp"
#include "kindred/params.hpp"

namespace kindred {

/// y = x W^T + b with weight (out, in) and bias (out), both drawn from U(-1/sqrt(in), 1/sqrt(in)).
class Linear {
 public:
  Linear(int64_t inputs, int64_t outputs);
  at::Tensor operator()(const at::Tensor& x) const;
  /// Appends `prefix`weight and `prefix`bias.
  void append_parameters(const std::string& prefix, std::vector<NamedTensor>& out) const;

 private:
  at::Tensor weight_, bias_;
};

/// Declares a head's "dropout".
template <class Params>
void describe_dropout(Schema<Params>& schema) {
  schema.field("dropout", &Params::dropout)
      .doc("Share of the inputs that are zeroed while training.")
      .range(0, 0.99);
}

/// Zeroes each element with `probability` and scales the rest, while training.
at::Tensor dropped(const at::Tensor& x, double probability, bool training);

}  // namespace kindred
