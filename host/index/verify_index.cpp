#include "host/index/verify_index.hpp"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "host/base/content_hash.hpp"
#include "host/index/component_files.hpp"
#include "host/index/index_state.hpp"
#include "host/index/row_change.hpp"
#include "host/index/row_store.hpp"
#include "host/index/thumbnail_table.hpp"
#include "kindred/error.hpp"
#include "kindred/finite.hpp"

namespace kindred::host {
namespace fs = std::filesystem;
namespace {

constexpr int64_t kRowsAtOnce = 1 << 14;
constexpr int kMostFromSqlite = 10;

/// How far the length of a stored row may be from 1: a number of float16 is off by 2^-11 of itself at most.
double length_tolerance(at::ScalarType precision) { return precision == at::kHalf ? 2e-3 : 1e-5; }

class Verification {
 public:
  explicit Verification(const std::string& folder)
      : folder_(folder), promised_(read_manifest(folder)), space_(promised_) {}

  IndexCheck check() {
    attempt([&] { check_tables(); });
    for (const auto& segment : state_.segments) {
      attempt([&] { check_segment(segment); });
    }
    const auto& component = state_.component;
    for (auto& sentence : damage_of_files((fs::path(folder_) / component.folder).string(), component.files,
                                          "compact the index, which builds it anew"))
      check_.problems.push_back(std::move(sentence));
    for (auto& sentence : damage_of_whitening(folder_, state_.whitening))
      check_.problems.push_back(std::move(sentence));
    return check_;
  }

 private:
  template <class Action>
  void attempt(Action&& action) {
    try {
      action();
    } catch (const Error& error) {
      check_.problems.emplace_back(error.what());
    }
  }

  void check_tables() {
    Database database((fs::path(folder_) / kMetadataFile).string(), Database::Use::read);
    Transaction reading(database, Transaction::Use::read);
    ItemTable(database).check_version();
    Statement integrity(database, fmt::format("PRAGMA integrity_check({})", kMostFromSqlite));
    while (integrity.step()) {
      if (integrity.text(0) != "ok")
        check_.problems.push_back(fmt::format("{} is damaged: {}", database.path(), integrity.text(0)));
    }
    state_ = read_state(database);
    space_ = space_now(promised_, state_);
    check_.rows = state_.rows;
    check_.items = state_.rows - state_.removed;
    const auto items = database.integer_of("SELECT count(*) FROM items");
    const auto lowest = database.integer_of("SELECT coalesce(min(row), 0) FROM items");
    if (items != state_.rows || lowest != 0) {
      check_.problems.push_back(fmt::format("{} is damaged: it has {} items for the rows {} to {}",
                                            database.path(), items, lowest, state_.rows - 1));
    }
    for (auto& sentence : ThumbnailTable(database).damage()) check_.problems.push_back(std::move(sentence));
  }

  void check_segment(const Segment& segment) {
    const auto path = (fs::path(folder_) / segment.file).string();
    if (hash_of_file(path) != segment.hash)
      throw Error(path +
                  " is damaged: its checksum is another; take it from a copy, or build the index again");
    auto from_zero = segment;
    from_zero.first = 0;
    const RowStore store(folder_, {from_zero}, space_.dimension, space_.precision);
    for (int64_t begin = 0; begin < store.size(); begin += kRowsAtOnce) {
      const auto rows = store.rows(begin, std::min(begin + kRowsAtOnce, store.size())).to(at::kFloat);
      if (const auto wrong = rows_not_finite(rows); wrong.numel() > 0) {
        throw Error(fmt::format("{}: row {} holds a number that is not finite", path,
                                begin + wrong.data_ptr<int64_t>()[0]));
      }
      if (space_.unit_length()) check_lengths(rows, begin, path);
    }
  }

  /// A row of zeros has no direction and stays as it is.
  void check_lengths(const at::Tensor& rows, int64_t begin, const std::string& path) const {
    const auto lengths = rows.norm(2, {1});
    const auto wrong =
        ((lengths - 1).abs() > length_tolerance(space_.precision)).logical_and(lengths > 0).nonzero();
    if (wrong.numel() == 0) return;
    const auto first = wrong.data_ptr<int64_t>()[0];
    throw Error(fmt::format("{}: row {} has the length {:.4f}, and all of this index must have 1", path,
                            begin + first, lengths[first].item<float>()));
  }

  const std::string& folder_;
  const IndexSpace promised_;
  IndexSpace space_;
  IndexState state_;
  IndexCheck check_;
};

}  // namespace

IndexCheck verify_index(const std::string& folder) { return Verification(folder).check(); }

}  // namespace kindred::host
