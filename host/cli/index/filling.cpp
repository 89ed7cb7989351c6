#include "host/cli/index/filling.hpp"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <algorithm>
#include <iostream>

#include "host/base/interrupt.hpp"
#include "host/cli/embed/input_files.hpp"
#include "host/cli/embed/input_share.hpp"
#include "host/cli/index/index_change.hpp"
#include "host/cli/index/index_items.hpp"
#include "host/cli/index/thumbnails.hpp"
#include "host/index/build_note.hpp"
#include "host/index/shard_note.hpp"
#include "kindred/error.hpp"
#include "kindred/io/folder.hpp"
#include "kindred/io/json_text.hpp"
#include "kindred/io/utf8.hpp"

namespace kindred::host {
using nlohmann::json;
namespace {

constexpr size_t kFailuresShown = 20;

}  // namespace

void tell_failures(const Filled& filled, Context& context) {
  if (filled.count.failed == 0) return;
  context.warning(filled.count.text + " could not be embedded");
  const auto shown_count = std::min(filled.failures.size(), kFailuresShown);
  for (size_t i = 0; i < shown_count; ++i) {
    const auto& line = filled.failures[i];
    context.warning(line.value("path", line.value("sample", "?")) + ": " + line.value("error", ""));
  }
  if (filled.failures.size() > shown_count)
    context.warning(fmt::format("and {} more, which --json lists", filled.failures.size() - shown_count));
}

json said_of(const IndexWriter& writer, const Filled& filled) {
  return {{"folder", writer.path()},
          {"added", filled.added},
          {"there_before", filled.there_before},
          {"failed", filled.count.failed},
          {"failures", filled.failures},
          {"items", writer.state().rows - writer.state().removed},
          {"rows", writer.state().rows}};
}

std::string items_text(const IndexWriter& writer) {
  return fmt::format("{}: {} items of {} numbers", shown(writer.path()),
                     writer.state().rows - writer.state().removed, writer.space().dimension);
}

void print_filled(const CommandLine& command, const json& said, const std::string& text) {
  std::cout << (command.json() ? json_text(said, 2) : text) << "\n";
}

Filling::Filling(const CommandLine& command, const IndexEncoder& encoder, IndexWriter& writer)
    : command_(command), encoder_(encoder), writer_(writer) {
  if (!command.has("thumbnails")) return;
  if (!encoder.reads_pictures_too())
    throw UsageError("--thumbnails: the model reads no pictures, of which they could be made");
  ask_for_thumbnails(writer);
}

Filled Filling::fill(const std::vector<std::string>& paths, bool resumes) {
  if (command_.has("data")) return from_dataset(resumes);
  return from_files(encoder_.files(paths), resumes);
}

/// Notes which shard an index is of. Says whether it was built to its end before.
bool Filling::is_complete_shard(const ShardNote& note) {
  const auto before = writer_.note(kShardNote);
  if (before.is_null()) {
    writer_.set_note(kBuildNote, true);
    writer_.set_note(kShardNote, to_json(note));
    return false;
  }
  if (before != to_json(note)) {
    throw Error(
        fmt::format("{} was built of other inputs, of another shard or with another --batch-size; remove its "
                    "folder to build it anew, or name another --output",
                    writer_.path()));
  }
  return writer_.note(kBuildNote) != true;
}

Filled Filling::from_files(std::vector<std::string> files, bool resumes) {
  Filled filled;
  if (encoder_.shard()) {
    const auto names = hash_of_names(files);
    InputShare share;
    if (encoder_.reads_pictures()) {
      share = encoder_.share_of(files);
      files = {files.begin() + share.first, files.begin() + share.end};
    }
    auto note = encoder_.shard_note(names, stamp_of(files));
    note.first = share.first;
    note.end = share.end;
    filled.was_complete = is_complete_shard(note);
    if (filled.was_complete) return filled;
  }
  const auto before = files.size();
  if (encoder_.reads_pictures()) leave_out_known(files, resumes);
  filled.there_before = static_cast<int64_t>(before - files.size());
  if (files.empty()) return filled;
  if (encoder_.reads_pictures())
    check_enough_rows(writer_, writer_.state().rows + static_cast<int64_t>(files.size()));
  IndexSink sink(writer_, describe_files(), Existing::refuse, resumes && !encoder_.reads_pictures());
  return through(sink, filled, [&] { return encoder_.encode_files(files, sink, use_of(sink)); });
}

Filled Filling::replace(const std::map<std::string, Item>& items) {
  std::vector<std::string> files;
  for (const auto& [path, item] : items) files.push_back(path);
  const auto describe = [&](const json& line, int64_t) {
    auto item = items.at(line.at("path").get<std::string>());
    item.file = stamp_of_file(item.path).value_or(item.file);
    return item;
  };
  IndexSink sink(writer_, describe, Existing::replace);
  return through(sink, {}, [&] { return encoder_.encode_files(files, sink, use_of(sink)); });
}

Filled Filling::from_dataset(bool resumes) {
  const auto [dataset, sides] = encoder_.samples();
  Filled filled;
  if (encoder_.shard()) {
    const auto samples_are = hash_of_names({dataset->fingerprint()});
    filled.was_complete = is_complete_shard(encoder_.shard_note(samples_are, samples_are));
    if (filled.was_complete) return filled;
  }
  check_enough_rows(writer_, dataset->size());
  IndexSink sink(writer_, describe_samples(dataset, sides), Existing::refuse, resumes);
  return through(sink, filled,
                 [&, &samples = *dataset] { return encoder_.encode_dataset(samples, sink, use_of(sink)); });
}

template <class Encode>
Filled Filling::through(IndexSink& sink, Filled filled, Encode&& encode) {
  try {
    filled.count = encode();
  } catch (const Interrupted& stop) {
    throw Interrupted(fmt::format("{}; {} items are in {}, and the same command goes on from there",
                                  stop.what(), writer_.state().rows - writer_.state().removed, sink.name()));
  }
  filled.added = sink.added();
  filled.failures = sink.failures();
  return filled;
}

/// Takes files out whose items are there. It is an error where nobody began to add them.
void Filling::leave_out_known(std::vector<std::string>& files, bool resumes) const {
  std::vector<std::string> known;
  files.erase(std::remove_if(files.begin(), files.end(),
                             [&](const std::string& file) {
                               const bool is_known = writer_.find(id_of_path(file)).has_value();
                               if (is_known) known.push_back(file);
                               return is_known;
                             }),
              files.end());
  if (known.empty()) return;
  if (!resumes) {
    throw Error(
        fmt::format("{} of {} files {} in the index {} already: {}; nothing was added. `host index "
                    "update` encodes those anew that changed",
                    known.size(), known.size() + files.size(), known.size() == 1 ? "is" : "are",
                    writer_.path(), first_few(known)));
  }
  command_.context().info(fmt::format("going on with {}, which holds {} of {} files", writer_.path(),
                                      known.size(), known.size() + files.size()));
}

}  // namespace kindred::host
