#include "host/cli/embed/sample_embedding.hpp"

#include <ATen/ATen.h>

#include <iterator>
#include <utility>

#include "host/base/clock.hpp"
#include "host/base/interrupt.hpp"
#include "host/base/text.hpp"
#include "host/data/batches_of.hpp"
#include "kindred/finite.hpp"

namespace kindred::host {
using nlohmann::json;
namespace {

/// Where the model fails for so many samples one after the other, it is the model that is wrong.
constexpr int64_t kMostFailures = 1024;

/// Shows the progress of a chunk as a part of the whole. A chunk that was begun is finished, since what is
/// computed would be lost; it takes a moment only.
class ChunkContext final : public Context {
 public:
  ChunkContext(Context& whole, Progress& progress, int64_t before)
      : whole_(whole), progress_(progress), before_(before) {}
  bool interrupted() const override { return false; }
  void info(const std::string& text) override { whole_.info(text); }
  void warning(const std::string& text) override { whole_.warning(text); }
  void show(const ProgressState& state) override {
    if (state.finished || state.done <= done_) return;  // a second encoder passes over the same samples
    done_ = state.done;
    progress_.update(before_ + done_);
  }

 private:
  Context& whole_;
  Progress& progress_;
  const int64_t before_;
  int64_t done_ = 0;
};

}  // namespace

SampleEmbedding::Encoded SampleEmbedding::encode(const Dataset& samples,
                                                 const std::vector<SampleIndex>& asked, Context& context) {
  Encoded out;
  out.samples = asked;
  InferenceModel::Pass pass;
  pass.heads_by_batch = true;
  pass.and_mirror = and_mirror_;
  out.rows = model_.encode(samples, out.samples, pass, out.skipped, context).cpu();
  return out;
}

/// An encoder or head that fails on a batch may have failed because of one object in it, which then costs
/// this one its row and no other, as in encode_inputs(). Where it fails on each of very many, the model is
/// wrong.
SampleEmbedding::Encoded SampleEmbedding::encode_batch(const Dataset& samples,
                                                       const std::vector<SampleIndex>& asked,
                                                       Context& context) {
  try {
    auto out = encode(samples, asked, context);
    if (!out.samples.empty()) failed_in_a_row_ = 0;
    return out;
  } catch (const std::exception&) {
    // Each is tried alone.
  }
  Encoded out;
  std::vector<at::Tensor> parts = {at::empty({0, model_.dimension()}, at::kFloat)};
  for (const auto sample : asked) {
    try {
      auto one = encode(samples, {sample}, context);
      std::move(one.skipped.begin(), one.skipped.end(), std::back_inserter(out.skipped));
      if (one.samples.empty()) continue;  // it cannot be read
      parts.push_back(std::move(one.rows));
      out.samples.push_back(sample);
      failed_in_a_row_ = 0;
    } catch (const std::exception& error) {
      if (++failed_in_a_row_ >= kMostFailures) throw;
      failure_ = std::current_exception();
      out.skipped.push_back({sample, samples.sample_name(to_int(sample)), without_trace(error.what())});
    }
  }
  out.rows = at::cat(parts);
  return out;
}

SampleEmbedding::Encoded SampleEmbedding::encode_chunk(const Dataset& samples, const SampleChunk& chunk,
                                                       Context& context) {
  std::vector<SampleIndex> asked;
  for (int64_t i = chunk.first; i < chunk.end; ++i) asked.push_back(SampleIndex{i});
  const auto batches = batches_of(asked, 0, batch_size_);
  if (batches.size() > 1) {
    try {
      auto out = encode(samples, asked, context);
      if (!out.samples.empty()) failed_in_a_row_ = 0;
      // What one encoder cannot read makes the batches of the next one others than a chunk of one has.
      if (out.skipped.empty() || model_.fields().size() == 1) return out;
    } catch (const std::exception&) {
      // The batch that failed is found below.
    }
  }
  Encoded all;
  std::vector<at::Tensor> parts;
  for (const auto& batch : batches) {
    auto one = encode_batch(samples, batch, context);
    parts.push_back(std::move(one.rows));
    std::move(one.samples.begin(), one.samples.end(), std::back_inserter(all.samples));
    std::move(one.skipped.begin(), one.skipped.end(), std::back_inserter(all.skipped));
  }
  all.rows = parts.size() == 1 ? parts.front() : at::cat(parts);
  return all;
}

SampleEmbedding::Encoded SampleEmbedding::encode_seen(const SampleChunk& chunk, Context& context) {
  if (!see_) return encode_chunk(chunk.samples, chunk, context);
  const auto before = out_.position().inputs - chunk.first;
  const SeenDataset seen(chunk.samples,
                         [&](int64_t index, const at::Tensor& picture) { see_(before + index, picture); });
  return encode_chunk(seen, chunk, context);
}

void SampleEmbedding::write(SampleChunk chunk, const Encoded& encoded) {
  auto position = out_.position();
  const auto& given = encoded.rows;
  const auto wrong = rows_not_finite(given);
  std::vector<int64_t> kept;
  auto& lines = chunk.lines;
  for (auto& line : lines) line["row"] = nullptr;
  for (int64_t row = 0, next = 0; row < given.size(0); ++row) {
    auto& line = lines[static_cast<size_t>(to_int(encoded.samples[static_cast<size_t>(row)]) - chunk.first)];
    if (next < wrong.numel() && wrong.data_ptr<int64_t>()[next] == row) {
      line["error"] = kNotFinite;
      ++next;
    } else {
      line["row"] = position.rows++;
      kept.push_back(row);
    }
  }
  for (const auto& one : encoded.skipped)
    lines[static_cast<size_t>(to_int(one.index) - chunk.first)]["error"] = one.message;
  position.inputs += chunk.end - chunk.first;
  position.failed += chunk.end - chunk.first - static_cast<int64_t>(kept.size());
  position.hash = chunk.hash;
  out_.append(wrong.numel() == 0 ? given : given.index_select(0, at::tensor(kept, at::kLong)), lines,
              position);
}

void SampleEmbedding::add(SampleChunk chunk) {
  if (context_.interrupted()) throw Interrupted("while encoding");
  const double start = now_seconds();
  ChunkContext context(context_, progress_, out_.position().inputs);
  const auto encoded = encode_seen(chunk, context);
  write(std::move(chunk), encoded);
  size_.took(now_seconds() - start);
}

void SampleEmbedding::check_end() const {
  if (out_.position().rows == 0 && failure_) std::rethrow_exception(failure_);
}

}  // namespace kindred::host
