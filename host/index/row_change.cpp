#include "host/index/row_change.hpp"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "host/index/component_files.hpp"
#include "kindred/error.hpp"

namespace kindred::host {
namespace fs = std::filesystem;
namespace {

/// Rows that a whitening is learned from at most: 150 for each of 1,280 directions, and seconds of work.
constexpr int64_t kMostLearned = 200'000;

}  // namespace

RowTransform row_transform_of(const std::string& folder, const IndexSpace& space, const IndexState& state) {
  RowTransform transform;
  transform.cut = space.change.cut;
  transform.unit_length = space.change.unit_length;
  if (state.whitening.folder.empty()) return transform;
  // A wrong number in it would make every answer a little wrong, and it is small: so it is compared each
  // time.
  const auto damage = damage_of_whitening(folder, state.whitening);
  if (!damage.empty()) throw Error(damage.front());
  transform.whitening = PcaWhitening::load((fs::path(folder) / state.whitening.folder).string());
  const auto given = space.change.cut > 0 ? space.change.cut : space.embedding_dimension();
  if (transform.whitening->dimension() != space.change.whiten ||
      transform.whitening->input_dimension() != given) {
    throw Error(fmt::format(
        "{} whitens {} numbers to {}, and {} says {} to {}; take the folder from a copy, or "
        "build the index again",
        (fs::path(folder) / state.whitening.folder).string(), transform.whitening->input_dimension(),
        transform.whitening->dimension(), kManifestFile, given, space.change.whiten));
  }
  return transform;
}

at::Tensor changed_rows(const IndexSpace& space, const RowTransform& transform,
                        const at::Tensor& embeddings) {
  const auto expected = space.embedding_dimension();
  if (embeddings.dim() != 2 || embeddings.size(1) != expected) {
    throw Error(
        fmt::format("the rows have {} numbers each, and embeddings of the index's model have {}; were they "
                    "made by another "
                    "model?",
                    embeddings.dim() == 2 ? embeddings.size(1) : embeddings.numel(), expected));
  }
  return transform.apply(embeddings);
}

PcaWhitening learn_whitening(const RowStore& rows, const at::Tensor& live, int64_t dimension,
                             int64_t& learned_from) {
  auto places = live;
  if (live.size(0) > kMostLearned) {
    const auto order = at::arange(kMostLearned, at::kLong) * live.size(0);
    places = live.index_select(0, at::div(order, kMostLearned, "floor"));
  }
  learned_from = places.size(0);
  const auto part = [&](int64_t begin, int64_t end) { return rows.gather(places.slice(0, begin, end)); };
  return PcaWhitening::learn(learned_from, rows.dimension(), part, dimension);
}

LearnedWhitening save_whitening(const PcaWhitening& whitening, int64_t learned_from,
                                const std::string& index_folder, const std::string& name) {
  const auto save = [&](const std::string& folder) { whitening.save(folder); };
  return {name, save_files(save, (fs::path(index_folder) / name).string()), learned_from};
}

std::vector<std::string> damage_of_whitening(const std::string& folder, const LearnedWhitening& whitening) {
  return damage_of_files((fs::path(folder) / whitening.folder).string(), whitening.files,
                         "take it from a copy, or build the index again");
}

void check_is_whitened(const std::string& folder, const IndexSpace& space, const IndexState& state) {
  if (!waits_for_whitening(space, state)) return;
  throw Error(fmt::format(
      "the build of {} did not end, so that its rows are not whitened yet; give its host index build command "
      "again, which goes on from there",
      folder));
}

}  // namespace kindred::host
