#include "host/cli/embed/embedding_output.hpp"

#include <ATen/ATen.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <limits>

#include "host/base/clock.hpp"
#include "host/base/partial_file.hpp"
#include "host/base/size_text.hpp"
#include "host/base/system_info.hpp"
#include "host/cli/embed/shard_record.hpp"
#include "kindred/error.hpp"
#include "kindred/io/file.hpp"
#include "kindred/io/json_text.hpp"
#include "kindred/io/npy.hpp"

namespace kindred::host {
namespace fs = std::filesystem;
using nlohmann::json;
namespace {

constexpr double kSyncSeconds = 2;

/// The header's room: it is padded to whole lines of 64 bytes, and two hold every count of rows.
std::string header_of(int64_t rows, int64_t dimension) { return npy_header({rows, dimension}, at::kFloat); }

int64_t header_bytes(int64_t dimension) {
  return static_cast<int64_t>(header_of(std::numeric_limits<int64_t>::max(), dimension).size());
}

int open_partial(const fs::path& path) {
  const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  if (file >= 0) return file;
  throw Error("cannot write " + path.string() + ": " + std::strerror(errno) +
              "; nothing was embedded, name another --output");
}

void set_size(int file, int64_t size, const fs::path& path) {
  if (::ftruncate(file, size) != 0)
    throw Error("cannot write " + path.string() + ": " + std::strerror(errno));
}

void sync_file(int file, const fs::path& path) {
  if (::fsync(file) != 0) throw Error("cannot write " + path.string() + ": " + std::strerror(errno));
}

fs::path folder_of(const fs::path& file) {
  return file.has_parent_path() ? file.parent_path() : fs::path(".");
}

}  // namespace

std::vector<std::string> EmbeddingOutput::files_of(const std::string& array) {
  const auto list = fs::path(array).replace_extension(".jsonl").string();
  std::vector<std::string> files = {array, list, array + ".partial", list + ".partial",
                                    array + ".progress.json"};
  if (shard_in_name(array)) files.push_back(record_file(array));
  return files;
}

EmbeddingOutput::EmbeddingOutput(const std::string& array, bool resume, Context& context)
    : array_(array), list_(fs::path(array).replace_extension(".jsonl")), resume_(resume), context_(context) {
  try {
    open_files();
  } catch (...) {
    if (array_file_ >= 0) ::close(array_file_);
    if (list_file_ >= 0) ::close(list_file_);
    throw;
  }
}

void EmbeddingOutput::open_files() {
  const auto folder = folder_of(array_);
  std::error_code failed;
  fs::create_directories(folder, failed);
  if (!fs::is_directory(folder)) {
    throw Error(fmt::format("cannot make the folder {} for --output: {}", folder.string(),
                            failed ? failed.message() : "there is a file of that name"));
  }
  for (const auto& one : {array_, list_}) {
    if (fs::is_directory(one)) throw Error(one.string() + " is a folder; name a file as --output");
  }
  is_own_ = !fs::exists(partial_array()) && !fs::exists(partial_list());
  array_file_ = open_partial(partial_array());
  if (::flock(array_file_, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK)
    throw Error(
        fmt::format("another process is writing {}; wait for it, or name another --output", array_.string()));
  is_kept_ = fs::exists(progress());
  list_file_ = open_partial(partial_list());
}

EmbeddingOutput::~EmbeddingOutput() {
  if (!is_finished_ && !is_kept_ && is_own_) remove_partial_files();
  ::close(array_file_);
  ::close(list_file_);
}

void EmbeddingOutput::remove_partial_files() {
  ::unlink(partial_array().c_str());
  ::unlink(partial_list().c_str());
}

void EmbeddingOutput::start_over() {
  fs::remove(progress());
  is_kept_ = false;
  is_own_ = true;
  position_ = {};
  list_bytes_ = 0;
  set_size(array_file_, 0, partial_array());
  set_size(list_file_, 0, partial_list());
}

/// What a process that was stopped has done; false where there is nothing to go on with.
bool EmbeddingOutput::read_progress() {
  if (!fs::exists(progress())) return false;
  EmbeddingIdentity then;
  EmbeddingPosition position;  // taken where all is right: what is refused must stay as it is
  int64_t list_bytes = 0;
  try {
    const auto text = json::parse(read_file(progress().string()));
    then = {text.at("model"), text.at("inputs"), text.at("settings"), text.at("dimension")};
    position = {text.at("inputs_done"), text.at("rows"), text.at("failed"), text.at("hash")};
    list_bytes = text.at("list_bytes");
  } catch (const json::exception&) {
    context_.warning(progress().string() + " cannot be read; the embedding begins anew");
    return false;
  }
  const auto refuse = [&](const std::string& what) {
    throw Error(fmt::format("{} was begun with {}; go on with the same, or leave out --resume to begin anew",
                            array_.string(), what));
  };
  if (then.model != identity_.model || then.dimension != identity_.dimension) refuse("another model");
  if (then.inputs != identity_.inputs) refuse("other inputs");
  if (then.settings != identity_.settings) refuse("another --batch-size or --device");
  const auto array_bytes = header_bytes(then.dimension) + position.rows * then.dimension * 4;
  const bool is_there = fs::file_size(partial_array()) >= static_cast<uintmax_t>(array_bytes) &&
                        fs::file_size(partial_list()) >= static_cast<uintmax_t>(list_bytes);
  if (!is_there) {
    context_.warning(partial_array().string() + " is shorter than it was; the embedding begins anew");
    return false;
  }
  set_size(array_file_, array_bytes, partial_array());
  set_size(list_file_, list_bytes, partial_list());
  position_ = position;
  list_bytes_ = list_bytes;
  return true;
}

void EmbeddingOutput::check_room(int64_t expected_rows) const {
  const auto rows = static_cast<uintmax_t>(std::max<int64_t>(expected_rows - position_.rows, 0));
  const auto need = rows * static_cast<uintmax_t>(identity_.dimension) * 4;
  const auto free = free_disk_bytes(folder_of(array_).string());
  if (need <= free) return;
  throw Error(
      fmt::format("{} needs {} more for {} rows of {} numbers, and its disk has {} free; make room, or "
                  "name another --output",
                  array_.string(), size_text(need), rows, identity_.dimension, size_text(free)));
}

bool EmbeddingOutput::is_complete_shard() {
  if (!identity_.share) return false;
  const auto record = read_shard_record(array_.string());
  if (!record || !is_of_same_work(record->identity, identity_) ||
      record->identity.inputs != identity_.inputs || !(record->identity.share == identity_.share) ||
      !fs::exists(list_) || (record->position.rows > 0 && !fs::exists(array_)))
    return false;
  context_.info(fmt::format("{} is complete and stays as it is; to make it anew, remove {}", array_.string(),
                            record_file(array_.string())));
  position_ = record->position;
  is_complete_ = true;
  return true;
}

EmbeddingPosition EmbeddingOutput::begin(const EmbeddingIdentity& identity, int64_t expected_rows) {
  identity_ = identity;
  if (is_complete_shard()) return position_;
  if (resume_ && read_progress()) {
    context_.info(fmt::format("going on with {}, which holds {} rows of {} inputs", array_.string(),
                              position_.rows, position_.inputs));
  } else {
    if (!resume_ && is_kept_) {
      context_.warning(
          fmt::format("{} holds what an earlier command did not finish; it begins anew, --resume "
                      "would have gone on",
                      partial_array().string()));
    }
    start_over();
  }
  check_room(expected_rows);
  return position_;
}

void EmbeddingOutput::write_lines(const std::vector<json>& lines) {
  std::string text;
  for (const auto& line : lines) text += json_text(line) + "\n";
  write_at(list_file_, text, list_bytes_, partial_list());
  list_bytes_ += static_cast<int64_t>(text.size());
}

void EmbeddingOutput::append(const at::Tensor& rows, const std::vector<json>& lines,
                             const EmbeddingPosition& position) {
  TORCH_INTERNAL_ASSERT(position_.rows + rows.size(0) == position.rows &&
                        rows.size(1) == identity_.dimension && rows.scalar_type() == at::kFloat);
  const auto plain = rows.contiguous();
  const auto offset = header_bytes(identity_.dimension) + position_.rows * identity_.dimension * 4;
  write_at(array_file_, {static_cast<const char*>(plain.data_ptr()), plain.nbytes()}, offset,
           partial_array());
  write_lines(lines);
  position_ = position;
  if (now_seconds() - last_sync_ > kSyncSeconds) sync();
}

void EmbeddingOutput::sync() {
  if (position_.inputs == 0 || is_complete_) return;
  sync_file(array_file_, partial_array());
  sync_file(list_file_, partial_list());
  const json text = {
      {"model", identity_.model},         {"inputs", identity_.inputs},      {"settings", identity_.settings},
      {"dimension", identity_.dimension}, {"inputs_done", position_.inputs}, {"rows", position_.rows},
      {"failed", position_.failed},       {"hash", position_.hash},          {"list_bytes", list_bytes_}};
  write_file_atomically(progress().string(), json_text(text, 2) + "\n");
  is_kept_ = true;
  last_sync_ = now_seconds();
}

void EmbeddingOutput::finish(const std::vector<json>& last) {
  if (is_complete_) {
    remove_partial_files();
    fs::remove(progress());
    is_finished_ = true;
    return;
  }
  sync();  // should it be killed below, the last lines are written again
  write_lines(last);
  const auto header = header_of(position_.rows, identity_.dimension);
  TORCH_INTERNAL_ASSERT(static_cast<int64_t>(header.size()) == header_bytes(identity_.dimension));
  write_at(array_file_, header, 0, partial_array());
  sync_file(array_file_, partial_array());
  sync_file(list_file_, partial_list());
  // The progress goes last: as long as it is there and a partial file is not, all is begun anew. Of a shard
  // the record counts, too: no old one may stand beside new files.
  if (identity_.share) fs::remove(record_file(array_.string()));
  fs::rename(partial_list(), list_);
  if (position_.rows > 0) {
    fs::rename(partial_array(), array_);
  } else {
    fs::remove(array_);  // it would be of an earlier command
    fs::remove(partial_array());
  }
  fs::remove(progress());
  sync_folder(array_.parent_path().string());
  is_finished_ = true;
  if (identity_.share)
    write_shard_record(array_.string(), {identity_, position_, static_cast<int64_t>(last.size())});
}

}  // namespace kindred::host
