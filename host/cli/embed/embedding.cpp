#include "host/cli/embed/embedding.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "host/base/content_hash.hpp"
#include "host/base/progress.hpp"
#include "host/cli/embed/input_files.hpp"
#include "host/cli/embed/sample_embedding.hpp"
#include "host/cli/embed/shared_lines.hpp"
#include "host/cli/embed/vector_embedding.hpp"
#include "host/inference/input_samples.hpp"
#include "kindred/error.hpp"

namespace kindred::host {
using nlohmann::json;

std::string count_text(int64_t failed, int64_t all, const char* unit) {
  return failed == 0 ? "" : fmt::format("{} of {} {}", failed, all, unit);
}

EmbeddingPosition begin_embedding(EmbeddingSink& out, const EmbedOptions& options, int64_t dimension,
                                  const std::string& inputs, const std::optional<InputShare>& share,
                                  int64_t expected_rows) {
  auto stamp = inputs;
  if (share) stamp += fmt::format(" from {} to {} of {}", share->first, share->end, share->all);
  auto identity = EmbeddingIdentity{options.model, stamp, options.settings, dimension, share};
  if (share && options.and_mirror) identity.share->whole += " with mirror images";
  return out.begin(identity, expected_rows);
}

namespace {

/// What all ways to embed need.
struct Embedding {
  const InferenceModel& model;
  const EmbedOptions& options;
  EmbeddingSink& out;
  Context& context;

  void begin(const std::string& inputs, const std::optional<InputShare>& share, int64_t expected_rows) const {
    begin_embedding(out, options, model.dimension(), inputs, share, expected_rows);
  }
  EmbedCount finish(int64_t count, const std::vector<json>& last = {}) const {
    out.finish(last);
    const auto lost = static_cast<int64_t>(last.size());
    const auto failed = out.position().failed + lost;
    return {failed, count_text(failed, count + lost, "inputs")};
  }
};

/// The files of a share; without one, all.
std::vector<std::string> files_of(const std::vector<std::string>& files,
                                  const std::optional<InputShare>& share) {
  return share ? std::vector<std::string>(files.begin() + share->first, files.begin() + share->end) : files;
}

EmbedCount embed_images(const Embedding& embedding, const Decoders& decoders,
                        const std::vector<std::string>& all_files) {
  auto& out = embedding.out;
  const auto& options = embedding.options;
  decoders.require_any();
  std::optional<InputShare> share;
  if (options.shard) share = share_of_files(all_files, options.batch_size, *options.shard);
  const auto files = files_of(all_files, share);
  const auto count = static_cast<int64_t>(files.size());
  embedding.begin(stamp_of(files), share, count);
  Progress progress("encoding", "samples", count, embedding.context, out.position().inputs);
  SampleEmbedding samples(embedding.model, options, out, progress, embedding.context);
  while (out.position().inputs < count) {
    const auto first = out.position().inputs, end = std::min(first + samples.next_size(), count);
    std::vector<Input> inputs;
    std::vector<json> lines;
    for (auto i = first; i < end; ++i) {
      const auto& file = files[static_cast<size_t>(i)];
      lines.push_back({{"path", file}});
      inputs.push_back(Input::file(file));
    }
    samples.add(
        {InputSamples(inputs, embedding.model.fields(), decoders), 0, end - first, std::move(lines), ""});
  }
  samples.check_end();
  return embedding.finish(count);
}

EmbedCount embed_texts(const Embedding& embedding, const Decoders& decoders,
                       const std::vector<std::string>& files) {
  auto& out = embedding.out;
  const auto& options = embedding.options;
  std::optional<InputShare> share;
  if (options.shard) share = share_of_texts(files, options.batch_size, *options.shard);
  embedding.begin(stamp_of(files), share, share ? share->size() : 0);
  const auto [done, rows, failed, hash_then] = out.position();
  SharedLines content(files, share);
  ContentHash hash;
  std::string text;
  json said;
  const auto take = [&] {
    if (!content.next(text, said)) return false;
    hash.add(fmt::format("{} {}\n", text.size(), text));
    return true;
  };
  int64_t passed = 0;
  while (passed < done && take()) ++passed;
  if (passed < done || (done > 0 && hash.hex() != hash_then)) {
    throw Error(out.name() +
                " was begun with other inputs; go on with the same, or leave out --resume to begin anew");
  }
  Context silent;  // how many lines there are is known at the end
  Progress progress("encoding", "samples", 0, silent);
  SampleEmbedding samples(embedding.model, options, out, progress, embedding.context);
  for (bool more = true; more;) {
    std::vector<Input> inputs;
    std::vector<json> lines;
    while (inputs.size() < static_cast<size_t>(samples.next_size()) && (more = take())) {
      inputs.push_back(Input::text(std::move(text)));
      lines.push_back(std::move(said));
    }
    const auto size = static_cast<int64_t>(inputs.size());
    if (size == 0) continue;
    samples.add(
        {InputSamples(inputs, embedding.model.fields(), decoders), 0, size, std::move(lines), hash.hex()});
  }
  const auto unreadable = content.unreadable();
  const bool has_any = share ? share->all > 0 || !share->is_last() : out.position().inputs > 0;
  if (!has_any && unreadable.empty()) throw Error("there is nothing to embed: the files hold no line");
  samples.check_end();
  return embedding.finish(out.position().inputs, unreadable);
}

}  // namespace

EmbedCount embed_files(const InferenceModel& model, const Decoders& decoders,
                       const std::vector<std::string>& files, const EmbedOptions& options, EmbeddingSink& out,
                       Context& context) {
  check_present(files, context);
  const Embedding embedding{model, options, out, context};
  switch (model.fields().front().kind) {
    case ObjectKind::image:
      return embed_images(embedding, decoders, files);
    case ObjectKind::text:
      return embed_texts(embedding, decoders, files);
    case ObjectKind::vector:
      return embed_vectors(model, files, options, out, context);
  }
  throw Error("the model reads an object of an unknown kind");
}

EmbedCount embed_dataset(const InferenceModel& model, const Dataset& dataset, const EmbedOptions& options,
                         EmbeddingSink& out, Context& context) {
  const Embedding embedding{model, options, out, context};
  std::optional<InputShare> share;
  if (options.shard) share = share_of_samples(dataset, options.batch_size, *options.shard);
  const auto before = share ? share->first : 0, count = share ? share->size() : dataset.size();
  ContentHash identity;
  identity.add(fmt::format("{} {}", dataset.size(), dataset.fingerprint()));
  embedding.begin(identity.hex(), share, count);
  Progress progress("encoding", "samples", count, context, out.position().inputs);
  SampleEmbedding samples(model, options, out, progress, context);
  while (out.position().inputs < count) {
    const auto first = before + out.position().inputs;
    const auto end = std::min(first + samples.next_size(), before + count);
    std::vector<json> lines;
    for (int64_t i = first; i < end; ++i) {
      lines.push_back(
          {{"sample", dataset.sample_name(i)}, {"label", dataset.labels()[static_cast<size_t>(i)]}});
    }
    samples.add({dataset, first, end, std::move(lines), ""});
  }
  samples.check_end();
  return embedding.finish(count);
}

}  // namespace kindred::host
