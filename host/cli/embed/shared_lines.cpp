#include "host/cli/embed/shared_lines.hpp"

#include <algorithm>

#include "host/cli/command_line.hpp"

namespace kindred::host {
using nlohmann::json;

InputShare share_of_texts(const std::vector<std::string>& files, int64_t batch_size,
                          const ShardChoice& shard) {
  if (std::find(files.begin(), files.end(), "-") != files.end()) {
    throw UsageError(
        "--shard reads texts twice, first to see which lines are its own: give a file in place of - for the "
        "standard input");
  }
  TextLines lines(files);
  InputCut cut(batch_size);
  std::string text;
  for (json said; lines.next(text, said);) cut.add(static_cast<int64_t>(text.size()));
  return cut.share_of(shard, hash_of_names(files));
}

SharedLines::SharedLines(const std::vector<std::string>& files, const std::optional<InputShare>& share)
    : lines_(files) {
  if (!share) return;
  std::string text;
  json said;
  for (int64_t i = 0; i < share->first && lines_.next(text, said); ++i) {
  }
  of_others_ = lines_.unreadable().size();
  left_ = share->size();
  takes_rest_ = share->is_last();
}

bool SharedLines::next(std::string& text, json& said) {
  if (left_ == 0 && !takes_rest_) return false;
  if (!lines_.next(text, said)) return false;
  if (left_ == 0) return false;  // the file has grown
  if (left_ > 0) --left_;
  return true;
}

std::vector<json> SharedLines::unreadable() const {
  const auto& all = lines_.unreadable();
  return {all.begin() + static_cast<std::ptrdiff_t>(of_others_), all.end()};
}

}  // namespace kindred::host
