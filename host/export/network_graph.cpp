#include "host/export/network_graph.hpp"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <fmt/format.h>
#include <torch/csrc/jit/frontend/tracer.h>
#include <torch/csrc/jit/ir/ir.h>
#include <torch/csrc/jit/passes/constant_propagation.h>
#include <torch/csrc/jit/passes/dead_code_elimination.h>

#include <unordered_map>

#include "kindred/error.hpp"

namespace kindred::host {
namespace {
namespace jit = torch::jit;

std::shared_ptr<jit::Graph> recorded(const Network& network, const at::Tensor& batch) {
  at::NoGradGuard no_grad;
  constexpr bool kStrict = true, kOutOfPlace = true;  // relu_ is recorded as relu
  const auto run = [&](jit::Stack in) { return jit::Stack{network(in.at(0).toTensor())}; };
  const auto no_names = [](const at::Tensor&) { return std::string(); };
  return jit::tracer::trace({batch}, run, no_names, kStrict, kOutOfPlace).first->graph;
}

bool is_constant(const jit::Node& node) { return node.kind() == c10::prim::Constant; }

/// Two records of one network, walked side by side.
class TwoRecords {
 public:
  TwoRecords(jit::Graph& graph, int64_t batch, int64_t other_batch)
      : graph_(graph), batch_(batch), other_batch_(other_batch) {}

  void walk(jit::Graph& other) {
    pair_values(graph_.inputs(), other.inputs());
    auto theirs = other.nodes().begin();
    for (auto* node : graph_.nodes()) {
      if (theirs == other.nodes().end()) refuse(*node);
      compare(*node, **theirs);
      ++theirs;
    }
    if (theirs != other.nodes().end()) refuse(**theirs);
    for (const auto& [constant, factor] : sizes_) replace(*constant, factor);
  }

 private:
  [[noreturn]] static void refuse(const jit::Node& node) {
    throw Error(
        fmt::format("the network cannot be exported: what it computes at {} depends on the batch in another "
                    "way than by its "
                    "size, or is computed without LibTorch's operators",
                    node.kind().toQualString()));
  }

  void pair_values(at::ArrayRef<jit::Value*> ours, at::ArrayRef<jit::Value*> theirs) {
    for (size_t i = 0; i < ours.size() && i < theirs.size(); ++i) partners_[ours[i]] = theirs[i];
  }

  void compare(jit::Node& ours, jit::Node& theirs) {
    bool same = ours.kind() == theirs.kind() && ours.inputs().size() == theirs.inputs().size() &&
                ours.outputs().size() == theirs.outputs().size();
    for (size_t i = 0; same && i < ours.inputs().size(); ++i)
      same = partners_[ours.inputs()[i]] == theirs.inputs()[i];
    if (!same) refuse(ours);
    pair_values(ours.outputs(), theirs.outputs());
    if (is_constant(ours)) compare_constants(ours, theirs);
  }

  void compare_constants(jit::Node& ours, jit::Node& theirs) {
    const auto a = jit::toIValue(ours.output()), b = jit::toIValue(theirs.output());
    if (!a || !b || a->tagKind() != b->tagKind()) refuse(ours);
    if (a->isTensor()) {
      if (!are_equal(a->toTensor(), b->toTensor())) refuse(ours);
    } else if (a->isInt() && a->toInt() != b->toInt()) {
      const auto factor = a->toInt() / batch_;
      if (factor < 1 || a->toInt() != factor * batch_ || b->toInt() != factor * other_batch_) refuse(ours);
      sizes_.emplace_back(&ours, factor);
    } else if (*a != *b) {
      refuse(ours);
    }
  }

  static bool are_equal(const at::Tensor& a, const at::Tensor& b) {
    if (!a.defined() || !b.defined()) return a.defined() == b.defined();
    return a.is_same(b) || (a.sizes() == b.sizes() && a.scalar_type() == b.scalar_type() && at::equal(a, b));
  }

  void replace(jit::Node& constant, int64_t factor) {
    const jit::WithInsertPoint here(&constant);
    auto* size = graph_.insert(c10::aten::size, {graph_.inputs()[0], int64_t{0}});
    if (factor > 1) size = graph_.insert(c10::aten::mul, {size, factor});
    constant.output()->replaceAllUsesWith(size);
  }

  jit::Graph& graph_;
  const int64_t batch_, other_batch_;
  std::unordered_map<jit::Value*, jit::Value*> partners_;
  std::vector<std::pair<jit::Node*, int64_t>> sizes_;  ///< constants, and how many times the batch each is
};

/// Memory that a network takes without writing it by operators is written by other code.
void refuse_hidden_code(const jit::Graph& graph) {
  for (const auto* node : graph.nodes()) {
    const std::string name = node->kind().toUnqualString();
    if (name.rfind("empty", 0) != 0 && name.rfind("new_empty", 0) != 0) continue;
    const auto part = node->scopeName();
    throw Error(
        fmt::format("the network cannot be exported: {} computes something without LibTorch's operators, "
                    "which alone are recorded",
                    part.empty() ? "it" : part));
  }
}

}  // namespace

void free_batch(jit::Graph& graph, int64_t batch, jit::Graph& other, int64_t other_batch) {
  TwoRecords(graph, batch, other_batch).walk(other);
}

std::shared_ptr<jit::Graph> recorded_graph(const Network& network, const at::Tensor& few,
                                           const at::Tensor& more) {
  auto graph = recorded(network, few);
  const auto other = recorded(network, more);
  // What looks at values, such as whether a row is zero, is recorded too and is used by nobody.
  jit::EliminateDeadCode(graph);
  jit::EliminateDeadCode(other);
  refuse_hidden_code(*graph);
  free_batch(*graph, few.size(0), *other, more.size(0));
  jit::ConstantPropagation(graph);
  jit::EliminateDeadCode(graph);
  if (graph->inputs()[0]->uses().empty()) {
    throw Error(
        "the network cannot be exported: its result does not depend on what was recorded of it, since it "
        "computes "
        "without LibTorch's operators");
  }
  return graph;
}

}  // namespace kindred::host
