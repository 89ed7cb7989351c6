#include "host/cli/index/index_sink.hpp"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include "host/base/size_text.hpp"
#include "host/base/system_info.hpp"
#include "kindred/error.hpp"

namespace kindred::host {
using nlohmann::json;

EmbeddingPosition IndexSink::begin(const EmbeddingIdentity& identity, int64_t expected_rows) {
  identity_ = {{"model", identity.model}, {"inputs", identity.inputs}, {"settings", identity.settings}};
  position_ = {};
  first_input_ = identity.share ? identity.share->first : 0;
  const auto before = writer_.note(kNote);
  const bool is_same = before.is_object() && before.value("identity", json()) == identity_;
  // A build that dies after the last row has what finds them still to build. To add the same anew is an
  // error.
  if (is_same && (must_continue_ || !is_finished(before))) {
    position_ = {before.at("inputs"), before.at("rows"), before.at("failed"), before.at("hash")};
  } else if (before.is_object() && !is_same && must_continue_) {
    throw Error(
        fmt::format("{} was begun with other inputs, another model or another --batch-size or --device; "
                    "go on with the same, or remove its folder to begin anew",
                    name()));
  }
  const auto need = std::max<int64_t>(expected_rows - position_.rows, 0) * writer_.bytes_per_row();
  const auto free = free_disk_bytes(writer_.path());
  if (static_cast<uint64_t>(need) > free) {
    throw Error(
        fmt::format("{} needs {} more for {} rows, and its disk has {} free; make room, or put the "
                    "index elsewhere",
                    name(), size_text(static_cast<uintmax_t>(need)), expected_rows, size_text(free)));
  }
  return position_;
}

json IndexSink::note_of(const EmbeddingPosition& position, bool finished) const {
  return {{"identity", identity_},     {"inputs", position.inputs}, {"rows", position.rows},
          {"failed", position.failed}, {"hash", position.hash},     {"finished", finished}};
}

bool IndexSink::is_finished(const json& note) { return !note.is_object() || note.value("finished", true); }

void IndexSink::keep_failures(const std::vector<json>& lines) {
  for (const auto& line : lines) {
    if (line.contains("error")) failures_.push_back(line);
  }
}

void IndexSink::append(const at::Tensor& rows, const std::vector<json>& lines,
                       const EmbeddingPosition& position) {
  std::vector<Item> items;
  for (size_t i = 0; i < lines.size(); ++i) {
    if (lines[i].at("row").is_null()) continue;
    const auto input = position_.inputs + static_cast<int64_t>(i);
    items.push_back(describe_(lines[i], first_input_ + input));
    items.back().thumbnail = thumbnails_.take(input);
  }
  thumbnails_.clear();
  writer_.add(items, rows, existing_, {{kNote, note_of(position, false)}});
  keep_failures(lines);
  added_ += static_cast<int64_t>(items.size());
  position_ = position;
}

SeePicture IndexSink::see_pictures() {
  if (!thumbnails_.makes_any()) return {};
  return [this](int64_t input, const at::Tensor& picture) { thumbnails_.see(input, picture); };
}

void IndexSink::finish(const std::vector<json>& last) {
  keep_failures(last);
  writer_.set_note(kNote, note_of(position_, true));
}

}  // namespace kindred::host
