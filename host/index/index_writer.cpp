#include "host/index/index_writer.hpp"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <set>

#include "host/index/component_files.hpp"
#include "host/index/thumbnail_table.hpp"
#include "kindred/error.hpp"
#include "kindred/io/file.hpp"

namespace kindred::host {
namespace fs = std::filesystem;
using nlohmann::json;
namespace {

constexpr int64_t kPieceRows = 1 << 14;                // copied at once
constexpr int64_t kLargestSegment = int64_t{1} << 30;  // bytes; a larger file is joined with no other

std::string next_rows_file(IndexState& state) { return fmt::format("rows-{}.npy", state.next_file++); }

void set_note_in(ItemTable& table, const std::string& name, const json& value) {
  table.set_fact(note_name(name), value);
}

bool begins(const std::string& name, const char* with) { return name.rfind(with, 0) == 0; }

/// Says whether a file or folder of this name counts where a commit names it, and not otherwise.
bool is_data(const std::string& name) {
  return begins(name, "rows-") || begins(name, "index-") || begins(name, "whitening-");
}

/// Says whether a writer makes files of this name.
bool is_ours(const std::string& name) {
  return is_data(name) || begins(name, kMetadataFile) || begins(name, kManifestFile) ||
         name == WriterLock::kFile;
}

std::unique_ptr<WriterLock> lock_new_folder(const std::string& folder, const std::string& purpose) {
  std::error_code failed;
  fs::create_directories(folder, failed);
  if (!fs::is_directory(folder)) {
    throw Error(fmt::format("cannot make the folder {} for an index: {}", folder,
                            failed ? failed.message() : "there is a file of that name"));
  }
  const auto refuse_others = [&] {
    if (fs::exists(fs::path(folder) / kManifestFile))
      throw Error(fmt::format("{} is an index already; add to it with host index add, or name another folder",
                              folder));
    for (const auto& entry : fs::directory_iterator(folder)) {
      const auto name = entry.path().filename().string();
      if (!is_ours(name)) {
        throw Error(
            fmt::format("{} holds {}, and an index has a folder of its own; name a new one", folder, name));
      }
    }
  };
  refuse_others();
  auto lock = std::make_unique<WriterLock>(folder, purpose);
  refuse_others();  // who had the lock may have made one
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.path().filename() != WriterLock::kFile) fs::remove_all(entry.path());
  }
  return lock;
}

}  // namespace

IndexWriter IndexWriter::create(const std::string& folder, const IndexSpace& space,
                                const std::string& purpose) {
  auto lock = lock_new_folder(folder, purpose);
  {
    Database database((fs::path(folder) / kMetadataFile).string(), Database::Use::create);
    Transaction making(database, Transaction::Use::write);
    ItemTable table(database);
    table.create();
    write_state(table, {});
    making.commit();
  }
  write_manifest(folder, space, {}, {});  // makes the folder an index
  sync_folder(fs::absolute(folder).lexically_normal().parent_path().string());
  return {folder, space, std::move(lock), Database::Use::write};
}

IndexWriter::IndexWriter(const std::string& folder, const std::string& purpose)
    : IndexWriter(folder, read_manifest(folder), std::make_unique<WriterLock>(folder, purpose),
                  Database::Use::write) {}

IndexWriter::IndexWriter(const std::string& folder, const IndexSpace& space, std::unique_ptr<WriterLock> lock,
                         Database::Use use)
    : path_(folder),
      promised_(space),
      space_(space),
      lock_(std::move(lock)),
      database_(std::make_unique<Database>(path_of(kMetadataFile), use)) {
  ItemTable(*database_).check_version();
  take(read_state(*database_));
  remove_leftovers();
}

IndexWriter::~IndexWriter() = default;

std::string IndexWriter::path_of(const std::string& file) const { return (fs::path(path_) / file).string(); }

void IndexWriter::take(IndexState state) {
  const auto space = space_now(promised_, state);
  auto rows = std::make_shared<RowStore>(path_, state.segments, space.dimension, space.precision);
  if (rows_ == nullptr || state.whitening.folder != state_.whitening.folder)
    transform_ = row_transform_of(path_, promised_, state);
  space_ = space;
  rows_ = std::move(rows);
  state_ = std::move(state);
}

int64_t IndexWriter::bytes_per_row() const {
  const auto of = [](const IndexSpace& space) {
    return space.dimension * static_cast<int64_t>(c10::elementSize(space.precision));
  };
  return of(space_) + (waits_for_whitening() ? of(promised_) : 0);
}

/// Files that no commit names are of a writer that was killed, or were replaced. Who has one open keeps it.
void IndexWriter::remove_leftovers() const {
  std::set<std::string> named = {state_.component.folder, state_.whitening.folder};
  for (const auto& segment : state_.segments) named.insert(segment.file);
  std::vector<fs::path> left;
  for (const auto& entry : fs::directory_iterator(path_)) {
    const auto name = entry.path().filename().string();
    const bool is_temporary = begins(name, kManifestFile) && name != kManifestFile;
    if ((is_data(name) && named.count(name) == 0) || is_temporary) left.push_back(entry.path());
  }
  std::error_code ignored;  // what stays costs space alone, and the next writer tries again
  for (const auto& path : left) fs::remove_all(path, ignored);
}

/// `prepare` writes files, `change` the tables, in one transaction with the state that both lead to.
void IndexWriter::commit(const Change& change, const std::function<void(IndexState&)>& prepare) {
  auto state = state_;
  try {
    if (prepare) prepare(state);
    Transaction writing(*database_, Transaction::Use::write);
    ItemTable table(*database_);
    change(table, state);
    ++state.commits;
    write_state(table, state);
    state = read_state(*database_);
    writing.commit();
  } catch (...) {
    remove_leftovers();
    throw;
  }
  take(std::move(state));
  remove_leftovers();
}

/// Segments at the end that together are not larger than what comes behind them are written again with it, so
/// that an index of N rows has about log2(N) files, and each row is written about as often.
int64_t IndexWriter::first_to_join(int64_t added) const {
  const auto row_bytes = space_.dimension * static_cast<int64_t>(c10::elementSize(space_.precision));
  int64_t first = state_.rows, count = added;
  for (auto segment = state_.segments.rbegin(); segment != state_.segments.rend(); ++segment) {
    if (segment->rows > count || (segment->rows + count) * row_bytes > kLargestSegment) break;
    first = segment->first;
    count += segment->rows;
  }
  return first;
}

Segment IndexWriter::write_joined(IndexState& state, int64_t first, const at::Tensor& added) const {
  Segment segment{first, state_.rows - first + added.size(0), next_rows_file(state), ""};
  segment.hash = write_segment(path_of(segment.file), segment.rows, space_.dimension, space_.precision,
                               [&](const TakeRows& take_rows) {
                                 for (auto begin = first; begin < state_.rows; begin += kPieceRows)
                                   take_rows(rows_->rows(begin, std::min(begin + kPieceRows, state_.rows)));
                                 take_rows(added);
                               });
  return segment;
}

void IndexWriter::add(const std::vector<Item>& items, const at::Tensor& rows, Existing existing,
                      const json& notes) {
  add_stored(items, stored_form(space_, changed_rows(promised_, transform_, rows)), existing, notes);
}

void IndexWriter::add_stored(const std::vector<Item>& items, const at::Tensor& rows, Existing existing,
                             const json& notes) {
  if (rows.dim() != 2 || rows.size(0) != static_cast<int64_t>(items.size()) ||
      rows.size(1) != space_.dimension || rows.scalar_type() != space_.precision) {
    throw Error(fmt::format("{} items were given with rows that are not {} of {} numbers", items.size(),
                            items.size(), space_.dimension));
  }
  if (items.empty() && notes.empty()) return;
  const auto first = first_to_join(rows.size(0));
  commit([&](ItemTable& table, IndexState& state) {
    for (const auto& [name, value] : notes.items()) set_note_in(table, name, value);
    if (items.empty()) return;
    table.append(state_.rows, items, existing);  // refuses before anything is written
    table.name_segment(write_joined(state, first, rows.contiguous()));
  });
}

void IndexWriter::remove(const std::vector<std::string>& ids) {
  commit([&](ItemTable& table, IndexState&) { table.remove(ids); });
}

json IndexWriter::note(const std::string& name) const { return ItemTable(*database_).fact(note_name(name)); }

void IndexWriter::set_note(const std::string& name, const json& value) {
  commit([&](ItemTable& table, IndexState&) { set_note_in(table, name, value); });
}

void IndexWriter::set_thumbnails(const std::map<int64_t, std::string>& jpegs) {
  commit([&](ItemTable&, IndexState&) {
    ThumbnailTable table(*database_);
    for (const auto& [row, jpeg] : jpegs) table.put(row, jpeg);
  });
}

std::vector<int64_t> IndexWriter::rows_without_thumbnail(int64_t begin, int64_t end) const {
  return ThumbnailTable(*database_).missing(begin, end);
}

std::optional<StoredItem> IndexWriter::find(const std::string& id) const {
  return ItemTable(*database_).find(id);
}

std::vector<StoredItem> IndexWriter::live_items(int64_t begin, int64_t end) const {
  return ItemTable(*database_).live_items(begin, end);
}

at::Tensor IndexWriter::live_rows() const {
  auto mask = at::ones({state_.rows}, at::kBool);
  ItemTable(*database_).clear_removed(mask);
  return mask.nonzero().squeeze(1);
}

/// Has the component built over `rows` and saved, in place of the one of `state`.
void IndexWriter::make_component(IndexState& state, IndexComponent what, const MakeIndex& make,
                                 const std::shared_ptr<const RowStore>& rows) const {
  what.covered = 0;
  what.folder.clear();
  what.files.clear();
  if (!what.id.empty() && rows->size() > 0) {
    const auto index = make(what);
    index->build(rows, space_.distance);
    const auto folder = fmt::format("index-{}", state.next_file++);
    what.files = save_files([&](const std::string& into) { index->save(into); }, path_of(folder));
    if (!what.files.empty()) what.folder = folder;
    what.covered = rows->size();
  }
  state.component = std::move(what);
}

void IndexWriter::build_component(IndexComponent what, const MakeIndex& make) {
  commit([](ItemTable&, IndexState&) {},
         [&](IndexState& state) { make_component(state, std::move(what), make, rows_); });
}

/// `count` rows as `space` stores them, which `give` gives piece by piece, in new files.
std::vector<Segment> IndexWriter::write_rows(IndexState& state, int64_t count, const IndexSpace& space,
                                             const GiveRows& give) const {
  const auto row_bytes = space.dimension * static_cast<int64_t>(c10::elementSize(space.precision));
  const auto most = std::max<int64_t>(kLargestSegment / row_bytes, 1);
  std::vector<Segment> segments;
  for (int64_t first = 0; first < count; first += most) {
    const auto end = std::min(first + most, count);
    Segment segment{first, end - first, next_rows_file(state), ""};
    segment.hash = write_segment(path_of(segment.file), segment.rows, space.dimension, space.precision,
                                 [&](const TakeRows& take_rows) {
                                   for (auto begin = first; begin < end; begin += kPieceRows)
                                     take_rows(give(begin, std::min(begin + kPieceRows, end)));
                                 });
    segments.push_back(std::move(segment));
  }
  return segments;
}

void IndexWriter::whiten(const PcaWhitening& whitening, int64_t learned_from) {
  if (!waits_for_whitening()) throw Error("no row of the index " + path_ + " waits for a whitening");
  std::vector<Segment> segments;
  commit(
      [&](ItemTable& table, IndexState& state) {
        table.clear_segments();
        for (const auto& segment : segments) table.name_segment(segment);
        state.component = {};
        ++state.generation;  // who has the index open knows other rows
      },
      [&](IndexState& state) {
        state.whitening =
            save_whitening(whitening, learned_from, path_, fmt::format("whitening-{}", state.next_file++));
        segments = write_rows(state, state.rows, promised_, [&](int64_t begin, int64_t end) {
          return stored_form(promised_, whitening.apply(rows_->rows(begin, end)));
        });
      });
}

int64_t IndexWriter::compact(IndexComponent what, const MakeIndex& make) {
  const auto dropped = state_.removed;
  const auto live = live_rows();
  std::vector<Segment> segments;
  commit(
      [&](ItemTable& table, IndexState& state) {
        table.renumber();
        table.clear_segments();
        for (const auto& segment : segments) table.name_segment(segment);
        ++state.generation;
      },
      [&](IndexState& state) {
        segments = write_rows(state, live.size(0), space_, [&](int64_t begin, int64_t end) {
          return rows_->gather(live.slice(0, begin, end)).to(space_.precision);
        });
        make_component(state, std::move(what), make,
                       std::make_shared<RowStore>(path_, segments, space_.dimension, space_.precision));
      });
  database_->run("VACUUM");  // gives back what the items took that are gone
  return dropped;
}

void IndexWriter::finish() const {
  write_manifest(path_, promised_, state_.component, {state_.rows, state_.removed});
}

}  // namespace kindred::host
