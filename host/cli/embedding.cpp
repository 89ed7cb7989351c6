#include "host/cli/embedding.hpp"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iostream>

#include "host/base/content_hash.hpp"
#include "host/base/interrupt.hpp"
#include "host/base/progress.hpp"
#include "host/base/text.hpp"
#include "host/cli/input_files.hpp"
#include "host/inference/input_samples.hpp"
#include "kindred/error.hpp"
#include "kindred/finite.hpp"
#include "kindred/io/npy.hpp"
#include "kindred/io/utf8.hpp"

namespace kindred::host {
namespace fs = std::filesystem;
using nlohmann::json;
namespace {

/// The samples of a chunk: as many batches as are worth a start of the threads that read, and few enough that
/// little is lost where the process dies.
constexpr int64_t kBatchesPerChunk = 32;
constexpr int64_t kNumbersPerChunk = int64_t{16} << 20;  // of vectors

/// Shows the progress of a chunk as a part of the whole.
class ChunkContext final : public Context {
 public:
  ChunkContext(Context& whole, Progress& progress, int64_t before)
      : whole_(whole), progress_(progress), before_(before) {}
  bool interrupted() const override { return whole_.interrupted(); }
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

std::string count_text(int64_t failed, int64_t all, const char* unit) {
  return failed == 0 ? "" : fmt::format("{} of {} {}", failed, all, unit);
}

/// What the files are now; a file that changes is another input.
std::string stamp_of(const std::vector<std::string>& files) {
  ContentHash hash;
  for (const auto& file : files) {
    std::error_code unknown;
    const auto size = fs::is_regular_file(file, unknown) ? fs::file_size(file, unknown) : 0;
    const auto time = fs::last_write_time(file, unknown).time_since_epoch().count();
    hash.add(fmt::format("{} {} {} {}\n", file.size(), file, size, unknown ? 0 : time));
  }
  return hash.hex();
}

/// Names all files that are not there, before anything is computed. What is there is embedded all the same;
/// without any there is nothing to do.
void check_present(const std::vector<std::string>& files, Context& context) {
  std::vector<std::string> absent;
  for (const auto& file : files) {
    std::error_code unknown;
    const bool is_absent = fs::status(file, unknown).type() == fs::file_type::not_found;
    if (file != "-" && is_absent) absent.push_back(file);
  }
  if (absent.empty()) return;
  constexpr size_t kMostNamed = 20;
  const auto count = absent.size();
  absent.resize(std::min(count, kMostNamed));
  auto names = joined(absent);
  if (count > kMostNamed) names += fmt::format(" and {} more", count - kMostNamed);
  if (count == files.size()) {
    throw Error(fmt::format("{}: {}; nothing was embedded",
                            count == 1 ? "the input does not exist" : "none of the inputs exists", names));
  }
  context.warning(fmt::format("{} of {} inputs {} not exist: {}", count, files.size(),
                              count == 1 ? "does" : "do", names));
}

/// Embeds inputs a chunk at a time.
class Embedding {
 public:
  Embedding(const InferenceModel& model, const EmbedOptions& options, EmbeddingSink& out, Context& context)
      : model_(model), options_(options), out_(out), context_(context) {}

  EmbedCount images(const Decoders& decoders, const std::vector<std::string>& files);
  EmbedCount texts(const Decoders& decoders, const std::vector<std::string>& files);
  EmbedCount vectors(const std::vector<std::string>& files);
  EmbedCount dataset(const Dataset& dataset);

 private:
  int64_t chunk() const { return kBatchesPerChunk * options_.batch_size; }
  void begin(const std::string& inputs, int64_t expected_rows) {
    out_.begin({options_.model, inputs, options_.settings, model_.dimension()}, expected_rows);
  }
  void add(const Dataset& samples, int64_t first, int64_t end, std::vector<json> lines, Progress& progress,
           const std::string& hash = {});
  at::Tensor encode(const Dataset& samples, std::vector<SampleIndex>& asked,
                    std::vector<SkippedSample>& skipped, Context& context);
  void add_vectors(const at::Tensor& vectors, std::vector<json> lines);

  const InferenceModel& model_;
  const EmbedOptions& options_;
  EmbeddingSink& out_;
  Context& context_;
};

/// An encoder or head that fails on a batch may have failed because of one object in it, which then costs
/// this one its row and no other, as in encode_inputs(). Where it fails on each, it is the model that is
/// wrong.
at::Tensor Embedding::encode(const Dataset& samples, std::vector<SampleIndex>& asked,
                             std::vector<SkippedSample>& skipped, Context& context) {
  auto all = asked;
  try {
    return model_.encode(samples, asked, {}, skipped, context).cpu();
  } catch (const Interrupted&) {
    throw;
  } catch (const std::exception&) {
    skipped.clear();
    asked.clear();
    std::vector<at::Tensor> parts;
    for (const auto sample : all) {
      std::vector<SampleIndex> one = {sample};
      try {
        auto row = model_.encode(samples, one, {}, skipped, context).cpu();
        if (one.empty()) continue;  // it cannot be read
        parts.push_back(std::move(row));
        asked.push_back(sample);
      } catch (const Interrupted&) {
        throw;
      } catch (const std::exception& error) {
        skipped.push_back({sample, samples.sample_name(to_int(sample)), without_trace(error.what())});
      }
    }
    if (parts.empty()) throw;
    return at::cat(parts);
  }
}

/// The samples [first, end) of a dataset; `lines`: what is said of each. `hash`: of all inputs until then.
void Embedding::add(const Dataset& samples, int64_t first, int64_t end, std::vector<json> lines,
                    Progress& progress, const std::string& hash) {
  std::vector<SampleIndex> asked;
  for (int64_t i = first; i < end; ++i) asked.push_back(SampleIndex{i});
  auto position = out_.position();
  ChunkContext context(context_, progress, position.inputs);
  std::vector<SkippedSample> skipped;
  const auto given = encode(samples, asked, skipped, context);
  const auto wrong = rows_not_finite(given);
  std::vector<int64_t> kept;
  for (auto& line : lines) line["row"] = nullptr;
  for (int64_t row = 0, next = 0; row < given.size(0); ++row) {
    auto& line = lines[static_cast<size_t>(to_int(asked[static_cast<size_t>(row)]) - first)];
    if (next < wrong.numel() && wrong.data_ptr<int64_t>()[next] == row) {
      line["error"] = kNotFinite;
      ++next;
    } else {
      line["row"] = position.rows++;
      kept.push_back(row);
    }
  }
  for (const auto& one : skipped)
    lines[static_cast<size_t>(to_int(one.index) - first)]["error"] = one.message;
  position.inputs += end - first;
  position.failed += end - first - static_cast<int64_t>(kept.size());
  position.hash = hash;
  out_.append(wrong.numel() == 0 ? given : given.index_select(0, at::tensor(kept, at::kLong)), lines,
              position);
}

EmbedCount Embedding::images(const Decoders& decoders, const std::vector<std::string>& files) {
  decoders.require_any();
  const auto count = static_cast<int64_t>(files.size());
  begin(stamp_of(files), count);
  Progress progress("encoding", "samples", count, context_);
  for (int64_t first = out_.position().inputs; first < count; first += chunk()) {
    std::vector<Input> inputs;
    std::vector<json> lines;
    for (auto i = static_cast<size_t>(first);
         i < files.size() && inputs.size() < static_cast<size_t>(chunk()); ++i) {
      lines.push_back({{"path", files[i]}});
      inputs.push_back(Input::file(files[i]));
    }
    const auto size = static_cast<int64_t>(inputs.size());
    add(InputSamples(inputs, model_.fields(), decoders), 0, size, std::move(lines), progress);
  }
  out_.finish({});
  return {out_.position().failed, count_text(out_.position().failed, count, "inputs")};
}

EmbedCount Embedding::dataset(const Dataset& dataset) {
  const auto count = dataset.size();
  ContentHash identity;
  identity.add(fmt::format("{} {}", count, dataset.fingerprint()));
  begin(identity.hex(), count);
  Progress progress("encoding", "samples", count, context_);
  for (int64_t first = out_.position().inputs; first < count; first += chunk()) {
    const auto end = std::min(first + chunk(), count);
    std::vector<json> lines;
    for (int64_t i = first; i < end; ++i) {
      lines.push_back(
          {{"sample", dataset.sample_name(i)}, {"label", dataset.labels()[static_cast<size_t>(i)]}});
    }
    add(dataset, first, end, std::move(lines), progress);
  }
  out_.finish({});
  return {out_.position().failed, count_text(out_.position().failed, count, "inputs")};
}

/// The lines of text files, one after the other; no file is held as a whole.
class TextLines {
 public:
  explicit TextLines(const std::vector<std::string>& files) : files_(files) {}

  /// The next line with what is said of it; false behind the last one.
  bool next(std::string& text, json& said) {
    for (; file_ < files_.size(); ++file_, number_ = 0) {
      if (number_ == 0 && !open()) continue;
      auto& content = files_[file_] == "-" ? std::cin : opened_;
      while (std::getline(content, text)) {
        if (!text.empty() && text.back() == '\r') text.pop_back();
        if (++number_ == 1 && !begin(text)) break;
        if (auto fault = encoding_fault(text, name(), number_); !fault.empty()) {
          unreadable_.push_back(
              {{"path", files_[file_]}, {"line", number_}, {"row", nullptr}, {"error", std::move(fault)}});
          continue;
        }
        said = {{"path", files_[file_]}, {"line", number_}};
        return true;
      }
    }
    return false;
  }

  /// What is said of files and lines that could not be read.
  const std::vector<json>& unreadable() const { return unreadable_; }

 private:
  bool open() {
    const auto& file = files_[file_];
    if (file == "-") return true;
    opened_ = std::ifstream(file, std::ios::binary);
    if (opened_ && !fs::is_directory(file)) return true;
    unreadable_.push_back(
        {{"path", file},
         {"row", nullptr},
         {"error", fs::is_directory(file) ? "cannot read " + file + ": it is a folder"
                                          : "cannot open " + file + ": " + std::strerror(errno)}});
    return false;
  }

  std::string name() const { return files_[file_] == "-" ? "standard input" : files_[file_]; }

  /// Drops the mark that UTF-8 may begin with. Returns false where the file is UTF-16, which is noted.
  bool begin(std::string& text) {
    try {
      text = text_content(std::move(text), name());
      return true;
    } catch (const Error& error) {
      unreadable_.push_back({{"path", files_[file_]}, {"row", nullptr}, {"error", error.what()}});
      return false;
    }
  }

  const std::vector<std::string>& files_;
  size_t file_ = 0;
  int64_t number_ = 0;  // of the last line
  std::ifstream opened_;
  std::vector<json> unreadable_;
};

EmbedCount Embedding::texts(const Decoders& decoders, const std::vector<std::string>& files) {
  begin(stamp_of(files), 0);
  const auto [done, rows, failed, hash_then] = out_.position();
  TextLines content(files);
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
    throw Error(out_.name() +
                " was begun with other inputs; go on with the same, or leave out --resume to begin anew");
  }
  Context silent;  // how many lines there are is known at the end
  Progress progress("encoding", "samples", 0, silent);
  for (bool more = true; more;) {
    std::vector<Input> inputs;
    std::vector<json> lines;
    while (inputs.size() < static_cast<size_t>(chunk()) && (more = take())) {
      inputs.push_back(Input::text(std::move(text)));
      lines.push_back(std::move(said));
    }
    const auto size = static_cast<int64_t>(inputs.size());
    if (size > 0)
      add(InputSamples(inputs, model_.fields(), decoders), 0, size, std::move(lines), progress, hash.hex());
  }
  const auto& unreadable = content.unreadable();
  if (out_.position().inputs == 0 && unreadable.empty())
    throw Error("there is nothing to embed: the files hold no line");
  out_.finish(unreadable);
  const auto lost = static_cast<int64_t>(unreadable.size());
  return {out_.position().failed + lost,
          count_text(out_.position().failed + lost, out_.position().inputs + lost, "inputs")};
}

/// Vectors float32 (n, L), of which `lines` says something each.
void Embedding::add_vectors(const at::Tensor& vectors, std::vector<json> lines) {
  auto position = out_.position();
  std::vector<int64_t> places;  // of the vectors that are whole
  for (int64_t i = 0; i < vectors.size(0); ++i) places.push_back(i);
  const auto leave_out = [&](const at::Tensor& wrong, const auto& why) {
    for (int64_t n = wrong.numel() - 1; n >= 0; --n) {
      const auto at = places.begin() + wrong.data_ptr<int64_t>()[n];
      lines[static_cast<size_t>(*at)]["error"] = why(*at);
      places.erase(at);
    }
    return at::tensor(places, at::kLong);
  };
  auto whole = vectors;
  if (const auto wrong = rows_not_finite(vectors); wrong.numel() > 0) {
    whole =
        vectors.index_select(0, leave_out(wrong, [&](int64_t i) { return what_is_not_finite(vectors[i]); }));
  }
  auto rows = whole.size(0) == 0 ? at::empty({0, model_.dimension()}, at::kFloat)
                                 : model_.encode_vectors(whole).cpu();
  if (const auto wrong = rows_not_finite(rows); wrong.numel() > 0) {
    const auto kept = rows.isfinite().all(1).nonzero().squeeze(1);
    leave_out(wrong, [](int64_t) { return std::string(kNotFinite); });
    rows = rows.index_select(0, kept);
  }
  for (auto& line : lines) line["row"] = nullptr;
  for (const auto place : places) lines[static_cast<size_t>(place)]["row"] = position.rows++;
  position.inputs += vectors.size(0);
  position.failed += vectors.size(0) - rows.size(0);
  out_.append(rows, lines, position);
}

EmbedCount Embedding::vectors(const std::vector<std::string>& files) {
  const auto length = model_.fields().front().length;
  std::vector<std::pair<at::Tensor, std::string>> found;  // a matrix, or what is wrong with its file
  int64_t count = 0, unreadable = 0;
  for (const auto& file : files) {
    try {
      auto matrix = map_npy(file);
      if (matrix.dim() != 2 || (matrix.size(1) != length && length > 0))
        throw Error(fmt::format("{} must hold vectors (N, {})", file, length));
      count += matrix.size(0);
      found.emplace_back(std::move(matrix), "");
    } catch (const Error& error) {
      ++unreadable;
      found.emplace_back(at::Tensor(), error.what());
    }
  }
  begin(stamp_of(files), count);
  Progress progress("encoding", "vectors", count, context_);
  const auto done = out_.position().inputs;
  int64_t passed = 0;
  for (size_t f = 0; f < files.size(); ++f) {
    const auto& [matrix, error] = found[f];
    if (!matrix.defined()) {
      if (passed++ < done) continue;
      auto position = out_.position();
      ++position.inputs;
      ++position.failed;
      out_.append(at::empty({0, model_.dimension()}, at::kFloat),
                  {{{"path", files[f]}, {"row", nullptr}, {"error", error}}}, position);
      continue;
    }
    const auto widest = std::max<int64_t>({matrix.size(1), model_.dimension(), 1});
    const auto step = std::max<int64_t>(kNumbersPerChunk / widest, 1);
    for (int64_t first = 0; first < matrix.size(0); first += step) {
      const auto end = std::min(first + step, matrix.size(0));
      passed += end - first;
      if (passed <= done) continue;
      if (context_.interrupted()) throw Interrupted("while encoding");
      std::vector<json> lines;
      for (int64_t i = first; i < end; ++i) lines.push_back({{"path", files[f]}, {"index", i}});
      add_vectors(matrix.slice(0, first, end).to(at::kFloat), std::move(lines));
      progress.update(passed);
    }
  }
  out_.finish({});
  const auto failed = out_.position().failed;
  auto text = count_text(unreadable, static_cast<int64_t>(files.size()), "inputs");
  const auto of_vectors = count_text(failed - unreadable, count, "vectors");
  if (!text.empty() && !of_vectors.empty()) text += " and ";
  return {failed, text + of_vectors};
}

}  // namespace

int64_t first_length(const std::vector<std::string>& files) {
  for (const auto& file : files) {
    try {
      return map_npy(file).size(-1);
    } catch (const Error&) {
      // It gets its line where it is embedded.
    }
  }
  return 0;
}

EmbedCount embed_files(const InferenceModel& model, const Decoders& decoders,
                       const std::vector<std::string>& files, const EmbedOptions& options, EmbeddingSink& out,
                       Context& context) {
  check_present(files, context);
  Embedding embedding(model, options, out, context);
  switch (model.fields().front().kind) {
    case ObjectKind::image:
      return embedding.images(decoders, files);
    case ObjectKind::text:
      return embedding.texts(decoders, files);
    case ObjectKind::vector:
      return embedding.vectors(files);
  }
  throw Error("the model reads an object of an unknown kind");
}

EmbedCount embed_dataset(const InferenceModel& model, const Dataset& dataset, const EmbedOptions& options,
                         EmbeddingSink& out, Context& context) {
  return Embedding(model, options, out, context).dataset(dataset);
}

}  // namespace kindred::host
