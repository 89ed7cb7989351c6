#include <ATen/ATen.h>
#include <c10/core/CPUAllocator.h>
#include <dlfcn.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cmath>
#include <cstring>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "clustering.hpp"
#include "component.hpp"
#include "kindred/abi/abi.h"
#include "kindred/loss.hpp"

namespace kindred {
namespace {
using nlohmann::json;

std::atomic<int64_t> bytes_alive{0}, most_alive{0};

/// Counts the bytes of tensors that LibTorch's own allocator makes.
class CountingAllocator : public c10::Allocator {
 public:
  explicit CountingAllocator(c10::Allocator* own) : own_(own) {}
  // LibTorch 1.13 has the first of these, 2.13 the second.
  c10::DataPtr allocate(size_t bytes) const { return counted(bytes); }
  c10::DataPtr allocate(size_t bytes) { return counted(bytes); }
  void copy_data(void* to, const void* from, size_t bytes) const { std::memcpy(to, from, bytes); }

 private:
  struct Block {
    c10::DataPtr data;
    int64_t bytes;
  };

  c10::DataPtr counted(size_t bytes) const {
    auto block = std::make_unique<Block>(Block{own_->allocate(bytes), static_cast<int64_t>(bytes)});
    const int64_t alive = bytes_alive += block->bytes;
    int64_t most = most_alive;
    while (alive > most && !most_alive.compare_exchange_weak(most, alive)) {
    }
    auto* const data = block->data.get();
    const auto device = block->data.device();
    return {data, block.release(), &release, device};
  }
  static void release(void* context) {
    const std::unique_ptr<Block> block(static_cast<Block*>(context));
    bytes_alive -= block->bytes;
  }

  c10::Allocator* own_;
};

/// Bytes of the tensors that `work` makes, where most of them are there at once.
template <class Work>
int64_t most_bytes(Work work) {
  static CountingAllocator counting(c10::GetCPUAllocator());
  auto* const own = c10::GetCPUAllocator();
  c10::SetCPUAllocator(&counting);
  const int64_t before = bytes_alive;
  most_alive = before;
  work();
  c10::SetCPUAllocator(own);
  return most_alive - before;
}

struct Size {
  int64_t batch, dimension;
};

constexpr int64_t kPerClass = 32, kClasses = 64;

at::Tensor trained(int64_t rows, int64_t dimension) {
  return at::randn({rows, dimension}).requires_grad_(true);
}

/// kPerClass of each class.
at::Tensor labels_of(int64_t rows) { return at::arange(rows, at::kLong).remainder(rows / kPerClass); }

/// A small batch, which the rows of earlier ones make as many as one of that size.
PairBatch with_memory(const Size& size) {
  const int64_t rows = size.batch / 16;
  const auto labels = labels_of(size.batch);
  const auto same = labels.slice(0, 0, rows).unsqueeze(1) == labels.unsqueeze(0);
  const auto self = at::eye(rows, size.batch, same.options());
  const auto x = trained(rows, size.dimension);
  return {x,
          at::cat({x, at::randn({size.batch - rows, size.dimension})}),
          {same.logical_and(self.logical_not()), same.logical_not()},
          {}};
}

/// Pairs of as many objects as a batch has, in two subgroups of which one has all pairs but one.
ScoredPairs scored(const Size& size) {
  const int64_t pairs = size.batch / 2;
  const auto number = at::arange(pairs, at::kLong);
  return {trained(pairs, size.dimension),
          trained(pairs, size.dimension),
          number.remainder(2).to(at::kFloat),
          number.eq(0).to(at::kLong),
          number,
          number + pairs};
}

/// How many matrices of the size that a loss may take are allowed. None takes more than 14; all triplets, or
/// the differences of all pairs, would take more than these.
constexpr int64_t kMostMatrices = 24;

/// Of forward() of a batch, forward_pairs() with earlier rows and forward_scored() of pairs, whichever there
/// are, with the way back.
void expect_little_memory(Loss& loss, const Size& size, const std::string& what) {
  for (const auto& one : loss.parameters()) one.tensor.set_requires_grad(true);
  loss.train(true);
  const auto expect = [&](int64_t rows, int64_t columns, const char* name, const auto& forward) {
    int64_t numbers = rows * columns + (rows + columns) * size.dimension;
    for (const auto& one : loss.parameters())
      numbers += one.tensor.numel() + (one.tensor.dim() > 1 ? rows * one.tensor.size(0) : 0);
    const auto bytes = most_bytes([&] { forward().backward(); });
    const auto allowed = kMostMatrices * numbers * static_cast<int64_t>(sizeof(float));
    EXPECT_LT(bytes, allowed) << what << ", " << name << ", B = " << size.batch << ", D = " << size.dimension;
  };
  const auto traits = loss.traits();
  if (traits.groups) {
    const auto x = trained(size.batch, size.dimension);
    const auto labels = labels_of(size.batch);
    expect(size.batch, size.batch, "a batch", [&] { return loss.forward(x, labels); });
  }
  if (traits.pairs) {
    const auto batch = with_memory(size);
    expect(batch.embeddings.size(0), size.batch, "earlier rows", [&] { return loss.forward_pairs(batch); });
  }
  if (traits.scored_pairs) {
    const auto pairs = scored(size);
    expect(size.batch, size.batch, "pairs", [&] { return loss.forward_scored(pairs); });
  }
}

std::vector<const kindred_component*> loss_components() {
  void* library = dlopen(KINDRED_TEST_PLUGINS "/core.kindred.so", RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) throw std::runtime_error(dlerror());
  const auto* entry = static_cast<const kindred_plugin*>(dlsym(library, "kindred_plugin_v1"));
  std::vector<const kindred_component*> out;
  for (auto it = entry->components; it != entry->components_end; ++it) {
    if (*it != nullptr && std::string((*it)->kind) == Loss::kKind) out.push_back(*it);
  }
  return out;
}

/// The defaults, and with each other value of each switch and each choice.
std::vector<json> variants(const kindred_component& loss) {
  std::string text;
  const kindred_sink sink{&text, [](void* context, const char* part, size_t size) {
                            static_cast<std::string*>(context)->append(part, size);
                          }};
  EXPECT_EQ(loss.schema(&sink), 0) << loss.id;
  std::vector<json> out = {json::object()};
  const auto schema = json::parse(text);
  for (const auto& [name, property] : schema.at("properties").items()) {
    if (property.value("type", "") == "boolean") out.push_back({{name, !property.at("default").get<bool>()}});
    for (const auto& choice : property.value("enum", json::array())) {
      if (choice != property.at("default")) out.push_back({{name, choice}});
      if (choice == "lp") out.back()["p"] = 3;
    }
  }
  return out;
}

TEST(Memory, is_counted) {
  EXPECT_EQ(most_bytes([] { at::empty({1000}); }), 4000);
  EXPECT_EQ(most_bytes([] {
              at::empty({1000});
              at::empty({500});
            }),
            4000);
}

TEST(Memory, of_losses_grows_with_the_matrix_of_pairs) {
  for (const auto& size : {Size{1024, 128}, Size{512, 512}, Size{1024, 32}}) {
    for (const auto* loss : loss_components()) {
      const auto made = testing::make<Loss>("core", loss->id, json::object(), {size.dimension, kClasses, 1});
      expect_little_memory(*made, size, loss->id);
    }
  }
}

TEST(Memory, of_losses_is_so_with_any_choice) {
  const Size size = {256, 128};
  int tried = 0, refused = 0;
  for (const auto* loss : loss_components()) {
    for (const auto& params : variants(*loss)) {
      std::shared_ptr<Loss> made;
      try {
        made = testing::make<Loss>("core", loss->id, params, {size.dimension, kClasses, 1});
      } catch (const std::runtime_error&) {
        ++refused;  // a choice that goes with another one only
        continue;
      }
      ++tried;
      expect_little_memory(*made, size, loss->id + (" " + params.dump()));
    }
  }
  EXPECT_GT(tried, 60);
  EXPECT_LT(refused, 4);
}

TEST(Memory, of_clusters_is_that_of_a_tile) {
  constexpr int64_t kRows = 4096, kClusters = 64, kTile = 32 << 10;
  at::manual_seed(5);
  const auto labels = at::arange(kRows, at::kLong).remainder(kClusters);
  const auto x = (at::randn({kClusters, 16}) * 20).index_select(0, labels) + at::randn({kRows, 16}) * 0.1;
  const auto whole = k_means(x, kClusters, 3);
  at::Tensor tiled;
  EXPECT_LT(most_bytes([&] { tiled = k_means(x, kClusters, 3, kTile); }), kRows * kClusters * 4 / 2);
  EXPECT_TRUE(at::equal(tiled, whole));
}

TEST(Memory, of_many_clusters_is_that_of_their_rows) {
  constexpr int64_t kRows = 20000;
  const auto a = at::arange(kRows, at::kLong), b = a.flip(0).floor_divide(2);
  double value = 0;
  EXPECT_LT(most_bytes([&] { value = normalized_mutual_information(contingency(a, b)); }), kRows * 8 * 20);
  // Of a, all is known once b is, but for one of two rows.
  const double entropy = std::log(static_cast<double>(kRows));
  EXPECT_NEAR(value, (entropy - std::log(2)) / (entropy - std::log(2) / 2), 1e-9);
}

}  // namespace
}  // namespace kindred
