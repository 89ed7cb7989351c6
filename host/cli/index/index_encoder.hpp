#pragma once

#include <optional>
#include <string>
#include <vector>

#include "host/cli/command_line.hpp"
#include "host/cli/embed/embedding.hpp"
#include "host/cli/index/index_items.hpp"
#include "host/cli/shard_choice.hpp"
#include "host/index/index_writer.hpp"
#include "host/index/manifest.hpp"
#include "host/index/model_note.hpp"
#include "host/index/shard_note.hpp"
#include "host/inference/inference_model.hpp"

namespace kindred::host {

/// What is done with pictures beside encoding them.
struct PictureUse {
  SeePicture see{};         ///< gets each that is read; null: nobody does
  bool and_mirror = false;  ///< rows are the means of pictures and of their mirror images
};

/// The model that gives an index its rows, as `host embed` would: what it reads, and how.
class IndexEncoder {
 public:
  /// `model`: the folder of a servable or of its run. Throws Error, PluginError or UsageError.
  IndexEncoder(const CommandLine& command, const std::string& model);

  const Catalog& catalog() const { return catalog_; }
  const std::string& folder() const { return folder_; }  ///< of the servable
  std::string model_name() const { return model_->manifest().value("name", ""); }
  const std::string& fingerprint() const { return fingerprint_; }
  int64_t dimension() const { return model_->dimension(); }
  /// By which distance the model was measured; says it where this is assumed.
  Distance distance() const;
  /// Says whether the model is known to give rows of length 1.
  bool unit_length() const;
  bool reads_pictures() const;
  /// Notes in an index that this model gives it its rows.
  void note_in(IndexWriter& writer) const;
  /// The same where pictures are one of several fields.
  bool reads_pictures_too() const { return model_->reads_pictures(); }

  /// Which shard of what the command names is encoded; nothing: all of it.
  const std::optional<ShardChoice>& shard() const { return shard_; }
  /// Those of pictures that are the shard's. The others that the model reads are cut where they are encoded.
  InputShare share_of(const std::vector<std::string>& pictures) const;
  /// What an index of the shard notes; see ShardNote. `whole`: a hash of what all shards are of.
  ShardNote shard_note(const std::string& whole, const std::string& inputs) const;

  /// The files that PATHS stand for. Throws UsageError where the model reads records.
  std::vector<std::string> files(const std::vector<std::string>& paths) const;
  EmbedCount encode_files(const std::vector<std::string>& files, EmbeddingSink& out,
                          const PictureUse& use) const;
  /// The samples of --data and --split, each with its side of the split: train, validation or test; "" where
  /// it is on none. There are no sides where the pipeline does not tell them.
  struct Samples {
    std::shared_ptr<Dataset> dataset;
    std::vector<std::string> sides;
  };
  Samples samples() const;
  EmbedCount encode_dataset(const Dataset& dataset, EmbeddingSink& out, const PictureUse& use) const;

 private:
  EmbedOptions how(const PictureUse& use, const std::optional<ShardChoice>& shard) const;

  const CommandLine& command_;
  const std::string folder_, fingerprint_;
  const std::optional<ShardChoice> shard_;
  std::optional<Document> data_;
  Catalog catalog_;
  std::optional<InferenceModel> model_;
  Decoders decoders_;
};

/// The model that the command names, or the one that the index was built with. Throws UsageError.
std::string model_of_index(const CommandLine& command, const IndexWriter& writer);

}  // namespace kindred::host
