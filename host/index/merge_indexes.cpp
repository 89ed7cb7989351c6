#include "host/index/merge_indexes.hpp"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <algorithm>

#include "host/base/interrupt.hpp"
#include "host/base/progress.hpp"
#include "host/index/index_folder.hpp"
#include "kindred/error.hpp"

namespace kindred::host {
namespace {

constexpr int64_t kNumbersAtOnce = int64_t{1} << 24;

std::string change_name(const IndexSpace& space) {
  const auto text = change_text(space);
  return text.empty() ? "embeddings as the model gives them" : text;
}

/// What rows that are copied have to be: rows that wait for a whitening are those of an index without one,
/// and are stored in another precision until then.
IndexSpace space_of_copies(const IndexWriter& target, const IndexSpace& source) {
  auto space = target.space();
  if (!target.waits_for_whitening()) return space;
  space.change.whiten = 0;
  space.precision = source.precision;
  return space;
}

}  // namespace

void check_same_space(const std::string& a, const IndexSpace& space_a, const std::string& b,
                      const IndexSpace& space_b) {
  check_model(a, space_a, space_b.model_name, space_b.model_fingerprint);
  const auto differ = [&](const char* what, const std::string& of_a, const std::string& of_b) {
    if (of_a == of_b) return;
    throw Error(fmt::format("the index {} has {} {}, and {} has {}: they cannot become one index", a, what,
                            of_a, b, of_b));
  };
  differ("rows of", change_name(space_a), change_name(space_b));
  differ("the dimension", std::to_string(space_a.dimension), std::to_string(space_b.dimension));
  differ("the distance", distance_title(space_a.distance), distance_title(space_b.distance));
  differ("rows of", precision_name(space_a.precision), precision_name(space_b.precision));
}

void check_can_join(const IndexFolder& a, const IndexFolder& b) {
  check_is_whitened(a.path(), a.space(), a.state());
  check_is_whitened(b.path(), b.space(), b.state());
  check_same_space(a.path(), a.space(), b.path(), b.space());
  if (to_json(a.state().whitening.files) == to_json(b.state().whitening.files)) return;
  throw Error(fmt::format(
      "the rows of {} and of {} are whitened by what each learned of its own rows, so that they cannot be "
      "compared: build one index of all",
      a.path(), b.path()));
}

void copy_items(const std::string& from, IndexWriter& target, Context& context) {
  const auto source = IndexFolder::open(from);
  check_same_space(from, source->space(), target.path(), space_of_copies(target, source->space()));
  const auto step = std::max<int64_t>(kNumbersAtOnce / source->space().dimension, 1);
  Progress progress("copying", "rows", source->size(), context);
  for (int64_t begin = 0; begin < source->size(); begin += step) {
    if (context.interrupted()) throw Interrupted("while copying " + from);
    const auto end = std::min(begin + step, source->size());
    std::vector<Item> items;
    std::vector<int64_t> places;
    for (auto& stored : source->live_items(begin, end)) {
      places.push_back(stored.row - begin);
      items.push_back(std::move(stored.item));
      items.back().thumbnail = source->thumbnail(stored.row);
    }
    const auto rows = source->rows()->rows(begin, end).index_select(0, at::tensor(places, at::kLong));
    target.add_stored(items, rows.to(target.space().precision), Existing::refuse);
    progress.update(end);
  }
}

}  // namespace kindred::host
