// The C++ interfaces, which only cross between a plugin and a host of one KINDRED_CXX_EPOCH. One table says
// how they look at that epoch. When a row must change, plugins that were built before call the wrong function
// or read the wrong bytes, so raise with it
//   KINDRED_CXX_EPOCH in abi.h, which makes hosts refuse them (KDP005);
//   the minor of KINDRED_SDK_VERSION in build_tag.hpp, and of the version in CMakeLists.txt;
//   kRevision of the interface whose functions changed.
// Another signature or type does not compile here, which asks for the same.
#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "kindred/abi/abi.h"
#include "kindred/batch_sampler.hpp"
#include "kindred/dataset.hpp"
#include "kindred/decoder.hpp"
#include "kindred/encoder.hpp"
#include "kindred/eval_sampler.hpp"
#include "kindred/head.hpp"
#include "kindred/index.hpp"
#include "kindred/io/network_converter.hpp"
#include "kindred/io/published_tensors.hpp"
#include "kindred/loss.hpp"
#include "kindred/metric.hpp"
#include "kindred/miner.hpp"
#include "kindred/plugin.hpp"
#include "kindred/tracker.hpp"
#include "kindred/transform.hpp"

namespace kindred {
namespace {

using at::Tensor;
using Channels = std::array<double, 3>;
using Tensors = std::vector<Tensor>;
using NamedTensors = std::vector<NamedTensor>;
using Texts = std::vector<std::string>;

/// Place of a virtual function in its table, from a pointer to it (Itanium C++ ABI 2.3; on ARM the mark of a
/// virtual function is in the second word).
template <class Type, class Signature>
uint64_t slot(Signature Type::*function) {
  struct {
    uintptr_t place, adjustment;
  } words{};
  static_assert(sizeof(words) == sizeof(function), "another C++ ABI: see what it does");
  std::memcpy(&words, &function, sizeof words);
#if defined(__aarch64__) || defined(__arm__)
  const bool is_virtual = (words.adjustment & 1) != 0;
  const auto offset = words.place;
#else
  const bool is_virtual = (words.place & 1) != 0;
  const auto offset = words.place - 1;
#endif
  EXPECT_TRUE(is_virtual);
  return offset / sizeof(void*);
}

/// The first function behind all of Type's is in the slot that is their number.
template <class Type>
struct Behind : Type {
  virtual void first_behind();
};
template <class Type>
uint64_t slots() {
  return slot<Behind<Type>, void()>(&Behind<Type>::first_behind);
}

template <class Expected, class Found>
uint64_t offset_of_a(uint64_t offset) {
  static_assert(std::is_same_v<Expected, Found>, "a member has another type: see the top of this file");
  return offset;
}

struct Row {
  const char* what;
  uint64_t found, expected;
};

Row row(const char* what, uint64_t found, uint64_t expected) { return {what, found, expected}; }

#define VALUE(value, expected) row(#value, static_cast<uint64_t>(value), expected)
#define SIZE(type, expected) row("sizeof " #type, sizeof(type), expected)
#define FIELD(type, field, of, expected) \
  row(#type "::" #field, offset_of_a<of, decltype(type::field)>(offsetof(type, field)), expected)
#define SLOT(type, function, expected, ...) \
  row(#type "::" #function, slot<type, __VA_ARGS__>(&type::function), expected)
#define SLOTS(type, expected) row("slots of " #type, slots<type>(), expected)

constexpr auto kText = sizeof(std::string);  // depends on _GLIBCXX_USE_CXX11_ABI, which the gate compares
constexpr auto kList = 3 * sizeof(void*);

std::vector<Row> table() {
  return {
      VALUE(KINDRED_ABI_MAJOR, 1),
      VALUE(KINDRED_ABI_MINOR, 1),
      VALUE(KINDRED_CXX_EPOCH, 8),
      SIZE(Tensor, sizeof(void*)),
      SIZE(Texts, kList),

      // Slots 0 and 1 of every table are the destructor's.
      VALUE(BatchSampler::kRevision, 2),
      SLOT(BatchSampler, batches, 2, Tensors(const Tensor&, uint64_t, int64_t)),
      SLOT(BatchSampler, refresh_epochs, 3, int64_t() const),
      SLOT(BatchSampler, see_class_means, 4, void(const Tensor&, const Tensor&)),
      SLOTS(BatchSampler, 5),

      VALUE(Dataset::kRevision, 3),
      SLOT(Dataset, object_kind, 2, ObjectKind() const),
      SLOT(Dataset, size, 3, int64_t() const),
      SLOT(Dataset, labels, 4, const std::vector<int64_t>&() const),
      SLOT(Dataset, class_names, 5, Texts() const),
      SLOT(Dataset, read, 6, Tensor(int64_t) const),
      SLOT(Dataset, sample_name, 7, std::string(int64_t) const),
      SLOT(Dataset, matrix, 8, Tensor() const),
      SLOT(Dataset, fingerprint, 9, std::string() const),
      SLOT(Dataset, fields, 10, std::vector<Field>() const),
      SLOT(Dataset, read_field, 11, Tensor(int64_t, size_t) const),
      SLOT(Dataset, field_matrix, 12, Tensor(size_t) const),
      SLOT(Dataset, pairs, 13, PairList() const),
      SLOT(Dataset, roles, 14, std::vector<Role>() const),
      SLOT(Dataset, notes, 15, std::vector<Note>() const),
      SLOT(Dataset, stored, 16, StoredObject(int64_t, size_t) const),
      SLOTS(Dataset, 17),
      FIELD(StoredObject, file, std::string, 0),
      FIELD(StoredObject, offset, int64_t, kText),
      FIELD(StoredObject, bytes, int64_t, kText + 8),
      FIELD(StoredObject, part, std::string, kText + 16),
      SIZE(StoredObject, 2 * kText + 16),
      VALUE(ObjectKind::image, 0),
      VALUE(ObjectKind::vector, 1),
      VALUE(ObjectKind::text, 2),
      SIZE(ObjectKind, 4),
      VALUE(Role::both, 0),
      VALUE(Role::query, 1),
      VALUE(Role::gallery, 2),
      SIZE(Role, 1),
      FIELD(Field, name, std::string, 0),
      FIELD(Field, kind, ObjectKind, kText),
      SIZE(Field, kText + 8),
      FIELD(Note, text, std::string, 0),
      FIELD(Note, loses_samples, bool, kText),
      SIZE(Note, kText + 8),
      FIELD(PairList, rows, Tensor, 0),
      FIELD(PairList, scores, Tensor, 8),
      FIELD(PairList, subgroups, Tensor, 16),
      SIZE(PairList, 24),

      VALUE(Decoder::kRevision, 1),
      SLOT(Decoder, recognizes, 2, bool(std::string_view) const),
      SLOT(Decoder, decode, 3, Tensor(std::string_view, const std::string&) const),
      SLOT(Decoder, extensions, 4, Texts() const),
      SLOT(Decoder, examples, 5, Texts() const),
      SLOTS(Decoder, 6),
      SIZE(Decoder, sizeof(void*)),

      SLOT(Module, parameters, 2, NamedTensors()),
      SLOT(Module, buffers, 3, NamedTensors()),
      SLOT(Module, train, 4, void(bool)),
      SLOT(Module, prepare_for_inference, 5, void(at::ScalarType)),
      SLOTS(Module, 6),
      SIZE(Module, sizeof(void*)),
      FIELD(NamedTensor, name, std::string, 0),
      FIELD(NamedTensor, tensor, Tensor, kText),
      SIZE(NamedTensor, kText + 8),

      VALUE(Encoder::kRevision, 5),
      SLOT(Encoder, object_kind, 6, ObjectKind() const),
      SLOT(Encoder, dimension, 7, int64_t() const),
      SLOT(Encoder, stages, 8, Texts() const),
      SLOT(Encoder, stage_of, 9, int64_t(const std::string&) const),
      SLOT(Encoder, freeze_batch_norms, 10, void(bool)),
      SLOT(Encoder, runs_in_bfloat16, 11, bool() const),
      SLOT(Encoder, prepare, 12, Tensor(const Batch&, at::ScalarType) const),
      SLOT(Encoder, run_stages, 13, Tensor(const Tensor&, int64_t, int64_t)),
      SLOT(Encoder, notes, 14, Texts() const),
      SLOT(Encoder, runs_side_by_side, 15, bool() const),
      SLOTS(Encoder, 16),
      FIELD(Normalization, mean, Channels, 0),
      FIELD(Normalization, std, Channels, 24),
      SIZE(Normalization, 48),
      FIELD(Batch, data, Tensor, 0),
      FIELD(Batch, normalization, Normalization, 8),
      FIELD(Batch, lengths, Tensor, 56),
      SIZE(Batch, 64),
      SLOT(PublishedTensors, published_tensors, 2, NamedTensors() const),
      SLOT(PublishedTensors, weights_file, 3, std::string() const),
      SLOTS(PublishedTensors, 4),
      SLOT(NetworkConverter, convert_network, 2, void(const std::string&, const std::string&) const),
      SLOTS(NetworkConverter, 3),

      VALUE(EvalSampler::kRevision, 1),
      SLOT(EvalSampler, queries, 2, Tensor(const Tensor&, uint64_t)),
      SLOTS(EvalSampler, 3),

      VALUE(Head::kRevision, 2),
      SLOT(Head, output_dimension, 6, int64_t() const),
      SLOT(Head, forward, 7, Tensor(const Tensor&)),
      SLOT(Head, needs_fit, 8, bool() const),
      SLOT(Head, fit, 9, void(const Tensor&, const Tensor&)),
      SLOTS(Head, 10),

      VALUE(Index::kRevision, 1),
      SLOT(Index, is_exact, 2, bool() const),
      SLOT(Index, build, 3, void(std::shared_ptr<const StoredRows>, Distance)),
      SLOT(Index, save, 4, void(const std::string&) const),
      SLOT(Index, load, 5, void(const std::string&, std::shared_ptr<const StoredRows>, Distance)),
      SLOT(Index, search, 6, Neighbours(const Tensor&, const IndexSearch&) const),
      SLOT(Index, memory_bytes, 7, int64_t() const),
      SLOTS(Index, 8),
      SIZE(Index, sizeof(void*)),
      SLOT(StoredRows, size, 2, int64_t() const),
      SLOT(StoredRows, dimension, 3, int64_t() const),
      SLOT(StoredRows, rows, 4, Tensor(int64_t, int64_t) const),
      SLOTS(StoredRows, 5),
      FIELD(Neighbours, rows, Tensor, 0),
      FIELD(Neighbours, distances, Tensor, 8),
      SIZE(Neighbours, 16),
      FIELD(IndexSearch, k, int64_t, 0),
      FIELD(IndexSearch, candidates, Tensor, 8),
      SIZE(IndexSearch, 16),
      FIELD(Distance, kind, Distance::Kind, 0),
      FIELD(Distance, p, double, 8),
      SIZE(Distance, 16),

      VALUE(Loss::kRevision, 4),
      SLOT(Loss, forward, 6, Tensor(const Tensor&, const Tensor&)),
      SLOT(Loss, traits, 7, LossTraits() const),
      SLOT(Loss, forward_pairs, 8, Tensor(const PairBatch&)),
      SLOT(Loss, forward_scored, 9, Tensor(const ScoredPairs&)),
      SLOTS(Loss, 10),
      SLOTS(PairLoss, 10),
      SLOTS(ScoredPairLoss, 10),
      FIELD(LossTraits, class_proxies, bool, 0),
      FIELD(LossTraits, pairs, bool, 1),
      FIELD(LossTraits, scored_pairs, bool, 2),
      FIELD(LossTraits, groups, bool, 3),
      FIELD(LossTraits, order_matters, bool, 4),
      FIELD(LossTraits, constant_factors, bool, 5),
      SIZE(LossTraits, 6),
      FIELD(PairMasks, positive, Tensor, 0),
      FIELD(PairMasks, negative, Tensor, 8),
      SIZE(PairMasks, 16),
      FIELD(Triplets, anchors, Tensor, 0),
      FIELD(Triplets, positives, Tensor, 8),
      FIELD(Triplets, negatives, Tensor, 16),
      SIZE(Triplets, 24),
      FIELD(PairBatch, embeddings, Tensor, 0),
      FIELD(PairBatch, references, Tensor, 8),
      FIELD(PairBatch, masks, PairMasks, 16),
      FIELD(PairBatch, triplets, Triplets, 32),
      SIZE(PairBatch, 56),
      FIELD(ScoredPairs, a, Tensor, 0),
      FIELD(ScoredPairs, b, Tensor, 8),
      FIELD(ScoredPairs, scores, Tensor, 16),
      FIELD(ScoredPairs, subgroups, Tensor, 24),
      FIELD(ScoredPairs, a_objects, Tensor, 32),
      FIELD(ScoredPairs, b_objects, Tensor, 40),
      SIZE(ScoredPairs, 48),

      SLOT(SumsOverAnchors, is_sum_over_anchors, 2, bool() const),
      SLOT(SumsOverAnchors, sum_over_anchors, 3, LossSums(const PairBatch&)),
      SLOT(SumsOverAnchors, is_sum_over_triplets, 4, bool() const),
      SLOTS(SumsOverAnchors, 5),
      SLOT(SumsOverSamples, is_sum_over_samples, 2, bool() const),
      SLOT(SumsOverSamples, sum_over_samples, 3, LossSums(const Tensor&, const Tensor&)),
      SLOTS(SumsOverSamples, 4),
      FIELD(LossSums, counts, Tensor, 8),
      SIZE(LossSums, 16),

      VALUE(Metric::kRevision, 4),
      SLOT(Metric, name, 2, std::string() const),
      SLOT(Metric, distance, 3, std::string() const),
      SLOT(Metric, depth, 4, int64_t(int64_t) const),
      SLOT(Metric, per_query, 5, Tensor(const Ranking&) const),
      SLOT(Metric, is_of_set, 6, bool() const),
      SLOT(Metric, of_set, 7, double(const EvaluatedSet&) const),
      SLOT(Metric, higher_is_better, 8, bool() const),
      SLOTS(Metric, 9),
      SLOTS(SetMetric, 9),
      FIELD(Ranking, relevant, Tensor, 0),
      FIELD(Ranking, relevant_count, Tensor, 8),
      FIELD(Ranking, first_relevant, Tensor, 16),
      SIZE(Ranking, 24),
      FIELD(EvaluatedSet, embeddings, Tensor, 0),
      FIELD(EvaluatedSet, labels, Tensor, 8),
      FIELD(EvaluatedSet, seed, uint64_t, 16),
      FIELD(EvaluatedSet, tile_bytes, int64_t, 24),
      FIELD(EvaluatedSet, pairs, PairList, 32),
      SIZE(EvaluatedSet, 56),

      VALUE(Miner::kRevision, 2),
      SLOT(Miner, mine, 6, Mined(const PairBatch&)),
      SLOTS(Miner, 7),
      SLOT(MinesByAnchor, mines_by_anchor, 2, bool() const),
      SLOT(MinesByAnchor, gives_triplets, 3, bool() const),
      SLOTS(MinesByAnchor, 4),
      FIELD(Mined, masks, PairMasks, 0),
      FIELD(Mined, triplets, Triplets, 16),
      SIZE(Mined, 40),

      VALUE(Tracker::kRevision, 2),
      SLOT(Tracker, start, 2, void(const TrackedRun&)),
      SLOT(Tracker, epoch, 3, void(int64_t, int64_t, const std::vector<TrackedValue>&)),
      SLOT(Tracker, finish, 4, void(const std::string&, const std::vector<TrackedValue>&)),
      SLOT(Tracker, embeddings, 5, void(const TrackedEmbeddings&)),
      SLOTS(Tracker, 6),
      FIELD(TrackedRun, name, std::string, 0),
      FIELD(TrackedRun, folder, std::string, kText),
      FIELD(TrackedRun, pipeline, std::string, 2 * kText),
      FIELD(TrackedRun, first_epoch, int64_t, 3 * kText),
      SIZE(TrackedRun, 3 * kText + 8),
      FIELD(TrackedValue, name, std::string, 0),
      FIELD(TrackedValue, value, double, kText),
      SIZE(TrackedValue, kText + 8),

      VALUE(Transform::kRevision, 1),
      SLOT(Transform, apply, 2, Tensor(const Tensor&, Random&) const),
      SLOT(Transform, is_random, 3, bool() const),
      SLOT(Transform, normalization, 4, bool(Normalization&) const),
      SLOTS(Transform, 5),
      SIZE(Random, 8),
  };
}

TEST(AbiInterfaces, look_as_at_their_epoch) {
  for (const auto& one : table()) EXPECT_EQ(one.found, one.expected) << one.what;
}

TEST(AbiInterfaces, keep_the_names_of_their_kinds) {
  const std::vector<std::string_view> kinds = {BatchSampler::kKind, Dataset::kKind,     Decoder::kKind,
                                               Encoder::kKind,      EvalSampler::kKind, Head::kKind,
                                               Index::kKind,        Loss::kKind,        Metric::kKind,
                                               Miner::kKind,        Tracker::kKind,     Transform::kKind};
  const std::vector<std::string_view> expected = {"batch_sampler", "dataset", "decoder", "encoder",
                                                  "eval_sampler",  "head",    "index",   "loss",
                                                  "metric",        "miner",   "tracker", "transform"};
  EXPECT_EQ(kinds, expected);
}

}  // namespace
}  // namespace kindred
