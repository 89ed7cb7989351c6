#include "host/cli/index/index_encoder.hpp"

#include <fmt/format.h>

#include <filesystem>

#include "host/cli/embed/input_files.hpp"
#include "host/cli/embed/input_share.hpp"
#include "host/contracts/contracts.hpp"
#include "host/data/class_split.hpp"
#include "host/data/dataset_notes.hpp"
#include "host/data/dataset_subset.hpp"
#include "host/model/device.hpp"
#include "host/model/model_fingerprint.hpp"
#include "host/model/search_traits.hpp"
#include "host/model/servable.hpp"
#include "host/run/checked_pipeline.hpp"

namespace kindred::host {
namespace fs = std::filesystem;

IndexEncoder::IndexEncoder(const CommandLine& command, const std::string& model)
    : command_(command),
      folder_(model_folder(model)),
      fingerprint_(model_fingerprint(folder_)),
      shard_(shard_choice(command)) {
  std::vector<std::string> folders;
  if (command.has("data")) {
    data_ = read_document(command.get<std::string>("data"), {});
    folders = plugin_folders(*data_);
  }
  catalog_ = load_catalog(command, folders);
  const auto batch = command.get<int64_t>("batch-size");
  if (batch < 1) throw UsageError("--batch-size must be at least 1");
  const auto device = device_of_process(command.get<std::string>("device"), shard_ ? shard_->local_rank : 0);
  model_ = InferenceModel::load(folder_, catalog_, device, {batch, 0});
  if (reads_pictures()) decoders_ = Decoders(catalog_);
}

Distance IndexEncoder::distance() const {
  if (command_.has("distance")) return distance_from_name(command_.get<std::string>("distance"));
  const auto traits = search_traits(model_->manifest());
  if (const auto text = assumption_text(traits, model_name()); !text.empty())
    command_.context().warning(text);
  return distance_from_name(traits.distance);
}

bool IndexEncoder::unit_length() const {
  return search_traits(model_->manifest()).unit_length.value_or(false);
}

bool IndexEncoder::reads_pictures() const {
  return model_->fields().size() == 1 && model_->fields().front().kind == ObjectKind::image;
}

void IndexEncoder::note_in(IndexWriter& writer) const {
  writer.set_note(kModelNote, fs::absolute(folder_).lexically_normal().string());
}

InputShare IndexEncoder::share_of(const std::vector<std::string>& pictures) const {
  return share_of_files(pictures, command_.get<int64_t>("batch-size"), *shard_);
}

ShardNote IndexEncoder::shard_note(const std::string& whole, const std::string& inputs) const {
  const auto batches = fmt::format("{} in batches of {}", whole, command_.get<int64_t>("batch-size"));
  return {shard_->index, shard_->count, batches, inputs, 0, 0};
}

EmbedOptions IndexEncoder::how(const PictureUse& use, const std::optional<ShardChoice>& shard) const {
  const auto batch = command_.get<int64_t>("batch-size");
  const auto settings = fmt::format("batches of {} on {}{}", batch, command_.get<std::string>("device"),
                                    use.and_mirror ? " with mirror images" : "");
  return {fingerprint_, settings, batch, use.and_mirror, use.see, shard};
}

std::vector<std::string> IndexEncoder::files(const std::vector<std::string>& paths) const {
  if (model_->fields().size() > 1) {
    throw UsageError(
        "the model has several encoders, so that it embeds records, not files; give --data FILE");
  }
  return expand_paths(paths, model_->fields().front().kind, decoders_, command_.context());
}

EmbedCount IndexEncoder::encode_files(const std::vector<std::string>& files, EmbeddingSink& out,
                                      const PictureUse& use) const {
  // Pictures are cut before those are left out that are in the index.
  const auto shard = reads_pictures() ? std::nullopt : shard_;
  return embed_files(*model_, decoders_, files, how(use, shard), out, command_.context());
}

namespace {

/// Of folds of which none is chosen no class has a side. Classes may be too few to be divided, which an index
/// does not need.
std::vector<std::string> sides_of(const Dataset& dataset, const SplitOptions& options) {
  std::vector<std::string> sides(static_cast<size_t>(dataset.size()));
  try {
    require_fold(options);
    const auto split = split_classes(dataset, options);
    const auto name = [&](const std::vector<SampleIndex>& samples, const char* side) {
      for (const auto sample : samples) sides[static_cast<size_t>(to_int(sample))] = side;
    };
    name(split.train, "train");
    if (!split.validation_is_test) name(split.validation, "validation");
    name(split.test, "test");
  } catch (const PipelineError&) {
    return {};
  }
  return sides;
}

}  // namespace

IndexEncoder::Samples IndexEncoder::samples() const {
  const auto data = checked_pipeline(*data_, catalog_);
  const auto dataset = create_under_contract<Dataset>(catalog_, *data.dataset.info, data.dataset.params);
  say_notes(*dataset, data.loading.on_error, command_.context());
  const auto split = command_.get<std::string>("split");
  if (split == "all") return {dataset, sides_of(*dataset, data.split)};
  if (split != "test") throw UsageError("--split is " + split + "; expected test or all");
  require_fold(data.split);
  const auto test = split_classes(*dataset, data.split).test;
  return {subset_of(dataset, test), std::vector<std::string>(test.size(), "test")};
}

EmbedCount IndexEncoder::encode_dataset(const Dataset& dataset, EmbeddingSink& out,
                                        const PictureUse& use) const {
  const auto said = dataset.notes().size();
  auto count = embed_dataset(*model_, dataset, how(use, shard_), out, command_.context());
  say_notes_of_reading(dataset, said, command_.context());
  return count;
}

std::string model_of_index(const CommandLine& command, const IndexWriter& writer) {
  if (command.has("model")) return command.get<std::string>("model");
  if (auto noted = noted_model(writer.note(kModelNote)); !noted.empty()) return noted;
  throw UsageError(
      fmt::format("--model DIR is missing: the model \"{}\" that made the index is not where it "
                  "was",
                  writer.space().model_name));
}

}  // namespace kindred::host
