#pragma once

#include <ATen/core/Tensor.h>

#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "host/export/onnx/onnx_model.hpp"

namespace torch::jit {
struct Node;
struct Value;
}  // namespace torch::jit

namespace kindred::host {

/// Adds nodes and tensors to a model, each under a new name, which is returned.
class OnnxBuilder {
 public:
  explicit OnnxBuilder(OnnxModel& model) : model_(model) {}

  std::string tensor(const at::Tensor& values);
  std::string integers(const std::vector<int64_t>& values);
  std::string number(double value);
  std::string node(const std::string& type, const std::vector<std::string>& inputs,
                   const std::vector<OnnxAttribute>& attributes = {});
  std::vector<std::string> nodes(const std::string& type, const std::vector<std::string>& inputs,
                                 size_t outputs, const std::vector<OnnxAttribute>& attributes = {});

  /// A tensor (1) of integers: how many samples the batch has, times `factor`.
  std::string batch_size(int64_t factor);
  const OnnxModel& model() const { return model_; }

 private:
  std::string new_name(const std::string& what) { return what + "_" + std::to_string(count_++); }

  OnnxModel& model_;
  size_t count_ = 0;
  std::string batch_;
};

/// A size in a list of them: a number, or so many times the batch.
struct OnnxSize {
  int64_t number = 0;
  bool of_batch = false;
};

/// What is known of the values of a graph while it is converted.
struct OnnxValues {
  std::unordered_map<const torch::jit::Value*, std::vector<std::string>>
      names;                                                            ///< of tensors and their lists
  std::unordered_map<const torch::jit::Value*, int64_t> batch_factors;  ///< of integers that grow with it
};

/// An operator in a graph with its arguments, by their places. A method throws Error, which names the
/// operator, where an argument is something else than it is asked for.
class OperatorCall {
 public:
  OperatorCall(const torch::jit::Node& node, OnnxValues& values, OnnxBuilder& out)
      : out(out), node_(node), values_(values) {}

  size_t count() const;
  bool has(size_t place) const;  ///< there is such an argument, and it is not None

  /// The name of a tensor; a number that stands in the place of one becomes one.
  std::string tensor(size_t place);
  std::vector<std::string> tensors(size_t place);
  std::optional<at::Tensor> constant(size_t place) const;

  int64_t integer(size_t place) const;
  double number(size_t place) const;
  bool flag(size_t place) const;
  std::string text(size_t place) const;
  std::vector<int64_t> integers(size_t place) const;
  std::vector<OnnxSize> sizes(size_t place) const;

  /// Of a tensor, for the batches of the record; the result where no place is given.
  std::vector<int64_t> shape(size_t place) const;
  std::vector<int64_t> shape() const;
  int64_t rank(size_t place) const { return static_cast<int64_t>(shape(place).size()); }
  at::ScalarType type(size_t place) const;
  at::ScalarType type() const;
  size_t outputs_of_list() const;  ///< how many tensors a result that is a list is taken apart into

  /// An argument that is a dimension of the tensor in front, counted from the first.
  int64_t dimension(size_t place, int64_t rank) const;

  /// A list of sizes as a tensor.
  std::string size_tensor(const std::vector<OnnxSize>& sizes);

  std::string name() const;  ///< "aten::linear"
  [[noreturn]] void refuse(const std::string& why) const;

  OnnxBuilder& out;

 private:
  const torch::jit::Node& node_;
  OnnxValues& values_;
};

/// Converts one operator; returns the names of its result, several where that is a list.
using OnnxOperator = std::vector<std::string> (*)(OperatorCall&);
using OnnxOperators = std::map<std::string, OnnxOperator>;

void add_arithmetic_operators(OnnxOperators& operators);
void add_layer_operators(OnnxOperators& operators);
void add_shape_operators(OnnxOperators& operators);

}  // namespace kindred::host
