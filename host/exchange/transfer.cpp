#include "host/exchange/transfer.hpp"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include "host/base/interrupt.hpp"
#include "host/base/progress.hpp"
#include "kindred/error.hpp"

namespace kindred::host {
namespace {

template <class Take>
void for_each_batch(ItemSource& source, Context& context, const std::string& what, Take&& take) {
  Progress progress(what, "items", source.head().items, context);
  int64_t done = 0;
  for (ExchangeBatch batch; source.next(batch);) {
    TORCH_INTERNAL_ASSERT(batch.rows.size(0) == static_cast<int64_t>(batch.items.size()) &&
                          batch.rows.is_contiguous() && batch.rows.scalar_type() == at::kFloat);
    take(batch, done);
    done += batch.rows.size(0);
    progress.update(done);
    if (context.interrupted()) throw Interrupted("while " + what);
  }
}

constexpr double kLengthTolerance = 1e-2;  // of rows that were float16

/// What was changed since an index held it is brought to its form again, or refused.
bool is_stored_form(const IndexSpace& space, const at::Tensor& rows) {
  if (!space.unit_length()) return false;
  const auto lengths = rows.norm(2, {1});
  return (lengths - 1).abs().max().item<double>() < kLengthTolerance;  // false of what is no number
}

}  // namespace

Exported transfer(ItemSource& source, ItemSink& sink, Context& context, const std::string& what) {
  for_each_batch(source, context, what, [&](const ExchangeBatch& batch, int64_t) { sink.append(batch); });
  return sink.finish();
}

void import_items(ItemSource& source, IndexWriter& target, Context& context) {
  const auto& head = source.head();
  // Rows of length 1 in float16 are not quite of length 1 in float32, and the other way round.
  const bool may_be_stored =
      head.is_stored_form && head.space.unit_length() && head.space.precision == target.space().precision;
  for_each_batch(source, context, "importing", [&](const ExchangeBatch& batch, int64_t done) {
    try {
      if (may_be_stored && is_stored_form(target.space(), batch.rows)) {
        target.add_stored(batch.items, batch.rows.to(target.space().precision), Existing::refuse);
      } else {
        target.add(batch.items, batch.rows, Existing::refuse);
      }
    } catch (const Error& error) {
      if (done == 0) throw;
      throw Error(fmt::format("among the rows from {} on: {}", done, error.what()));
    }
  });
}

}  // namespace kindred::host
