#include <ATen/ATen.h>
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <optional>

#include "host/base/content_hash.hpp"
#include "host/base/exit_code.hpp"
#include "host/base/interrupt.hpp"
#include "host/cli/command_body.hpp"
#include "host/cli/command_line.hpp"
#include "host/cli/embed/embedding.hpp"
#include "host/cli/embed/embedding_output.hpp"
#include "host/cli/embed/input_files.hpp"
#include "host/cli/embed/joined_shards.hpp"
#include "host/cli/embed/output_check.hpp"
#include "host/cli/embed/vector_embedding.hpp"
#include "host/cli/shard_choice.hpp"
#include "host/contracts/contracts.hpp"
#include "host/data/dataset_notes.hpp"
#include "host/loader/path_parameters.hpp"
#include "host/model/device.hpp"
#include "host/model/servable.hpp"
#include "host/pipeline/validator.hpp"
#include "host/run/checked_pipeline.hpp"
#include "host/run/make_model.hpp"
#include "host/run/weights_advice.hpp"
#include "kindred/error.hpp"
#include "kindred/io/json_text.hpp"
#include "kindred/io/utf8.hpp"

namespace kindred::host {
namespace fs = std::filesystem;
using nlohmann::json;
namespace {

void check_is_array(const char* option, const std::string& file) {
  if (fs::path(file).extension() != ".npy")
    throw UsageError(fmt::format("--{} {} must end in .npy", option, file));
}

void check_usage(const CommandLine& command) {
  if (command.has("model") == command.has("pipeline"))
    throw UsageError("give either --model DIR or --pipeline FILE");
  if (command.has("model") && !command.list("set").empty())
    throw UsageError("--set changes the pipeline of --pipeline; a model is as it is");
  if (command.has("data") == !command.list("PATHS").empty())
    throw UsageError("give either PATHS or --data FILE");
  if (!command.has("output")) throw UsageError("--output FILE.npy is missing");
  check_is_array("output", command.get<std::string>("output"));
  if (command.get<int64_t>("batch-size") < 1) throw UsageError("--batch-size must be at least 1");
}

/// The length of a dataset's vectors in the field that an encoder reads. A field that is not there is told
/// where the dataset is encoded.
int64_t length_in(const Dataset& dataset, const std::string& field_name) {
  const auto fields = dataset.fields();
  for (size_t i = 0; i < fields.size(); ++i) {
    if (!field_name.empty() && fields[i].name != field_name) continue;
    const auto matrix = dataset.field_matrix(i);
    return matrix.defined() ? matrix.size(1) : 0;
  }
  return 0;
}

/// The bytes of a file, or of all files of a folder with their names.
std::string hash_of_path(const fs::path& path) {
  if (!fs::is_directory(path)) return hash_of_file(path.string());
  std::vector<fs::path> files;
  for (const auto& entry : fs::recursive_directory_iterator(path)) {
    if (entry.is_regular_file()) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  ContentHash hash;
  for (const auto& file : files)
    hash.add(file.lexically_relative(path).string() + " " + hash_of_file(file.string()) + "\n");
  return hash.hex();
}

/// The files and folders that the parameters of a component name and that exist.
std::vector<std::string> paths_in(const ComponentSpec& spec) {
  std::vector<std::string> paths;
  for (const auto& [name, field] : spec.info->schema["properties"].items()) {
    if (path_use(field) == PathUse::none || !spec.params.contains(name)) continue;
    const auto path = spec.params.at(name).get<std::string>();
    if (fs::exists(path)) paths.push_back(path);
  }
  return paths;
}

/// The encoders and transforms of a pipeline, and the files that their parameters name.
std::string hash_of_pipeline(const Pipeline& pipeline) {
  ContentHash hash;
  hash.add(std::to_string(pipeline.seed) + "\n");
  const auto add = [&](const ComponentSpec& spec) {
    hash.add(spec.info->id + " " + spec.info->version + " " + json_text(spec.params) + "\n");
    for (const auto& path : paths_in(spec)) hash.add(hash_of_path(path));
  };
  for (const auto& spec : pipeline.encoders) add(spec);
  for (const auto& spec : pipeline.transforms) add(spec);
  return hash.hex();
}

/// Embeds what a command line asks for.
class EmbedTask {
 public:
  /// `shard`: what it embeds of all inputs; nothing: all.
  EmbedTask(const CommandLine& command, const std::optional<ShardChoice>& shard)
      : command_(command),
        shard_(shard),
        // Shards on one machine take a device each where there are several.
        device_(device_of_process(command.get<std::string>("device"), shard ? shard->local_rank : 0)),
        options_{command.get<int64_t>("batch-size"), 0} {
    std::vector<std::string> folders;  // with plugins
    std::optional<Document> source;
    if (command.has("data")) {
      data_ = read_document(command.get<std::string>("data"), {});
      folders = plugin_folders(*data_);
    }
    if (command.has("pipeline")) {
      source = read_document(command.get<std::string>("pipeline"), command.list("set"));
      for (auto& folder : plugin_folders(*source)) folders.push_back(std::move(folder));
    }
    catalog_ = load_catalog(command, folders);
    if (source) {
      pipeline_ = checked_pipeline(*source, catalog_, DatasetUse::unused);
      tell_notes(*pipeline_, command.context());
    }
  }

  EmbedCount embed(EmbeddingOutput& out) {
    auto model = pipeline_
                     ? untrained([](const EncoderSpec&) { return 0; })
                     : InferenceModel::load(command_.get<std::string>("model"), catalog_, device_, options_);
    if (mirrors() && !model.reads_pictures())
      throw UsageError("--mirror: the model reads no pictures, which alone have mirror images");
    return data_ ? embed_data(std::move(model), out) : embed_paths(std::move(model), out);
  }

 private:
  InferenceModel untrained(const VectorLength& length) const {
    return untrained_model(catalog_, *pipeline_, length, device_, options_, command_.context());
  }

  /// What decides the rows beside the inputs.
  EmbedOptions how() const {
    return {pipeline_ ? hash_of_pipeline(*pipeline_)
                      : hash_of_path(model_folder(command_.get<std::string>("model"))),
            fmt::format("batches of {} on {}{}", options_.batch_size, device_.str(),
                        mirrors() ? " with mirror images" : ""),
            options_.batch_size,
            mirrors(),
            {},
            shard_};
  }

  bool mirrors() const { return command_.has("mirror"); }

  EmbedCount embed_data(InferenceModel model, EmbeddingOutput& out) const {
    const auto data = checked_pipeline(*data_, catalog_);
    check_output_is_no_input(out.array(), paths_in(data.dataset));
    const auto dataset = create_under_contract<Dataset>(catalog_, *data.dataset.info, data.dataset.params);
    const auto said = say_notes(*dataset, data.loading.on_error, command_.context());
    if (pipeline_ && model.lacks_length())
      model = untrained([&](const EncoderSpec& spec) { return length_in(*dataset, spec.options.field); });
    const auto count = embed_dataset(model, *dataset, how(), out, command_.context());
    say_notes_of_reading(*dataset, said, command_.context());
    return count;
  }

  EmbedCount embed_paths(InferenceModel model, EmbeddingOutput& out) const {
    if (model.fields().size() > 1) {
      throw UsageError(
          "the model has several encoders, so that it embeds records, not files; give --data FILE");
    }
    const auto kind = model.fields().front().kind;
    const auto decoders = kind == ObjectKind::image ? Decoders(catalog_) : Decoders();
    const auto files = expand_paths(command_.list("PATHS"), kind, decoders, command_.context());
    check_output_is_no_input(out.array(), files);
    if (pipeline_ && model.lacks_length())
      model = untrained([&](const EncoderSpec&) { return first_length(files); });
    return embed_files(model, decoders, files, how(), out, command_.context());
  }

  const CommandLine& command_;
  const std::optional<ShardChoice> shard_;
  const at::Device device_;
  const InferenceModel::Options options_;
  std::optional<Document> data_;
  Catalog catalog_;
  std::optional<Pipeline> pipeline_;  ///< whose encoders are taken untrained
};

/// Says what is kept of an embedding that ends early; the exception goes on.
EmbedCount embed_and_keep(const CommandLine& command, const std::optional<ShardChoice>& shard,
                          EmbeddingOutput& out) {
  const auto kept = [&]() -> std::string {
    out.sync();
    const auto inputs = out.position().inputs;
    if (inputs == 0) return "nothing was embedded yet";
    return fmt::format("{} inputs are embedded and kept; the same command with --resume goes on from there",
                       inputs);
  };
  try {
    return EmbedTask(command, shard).embed(out);
  } catch (const Interrupted& stop) {
    throw Interrupted(fmt::format("{}; {}", stop.what(), kept()));
  } catch (const std::exception&) {
    try {
      if (out.position().rows > 0) command.context().warning(kept());
    } catch (const std::exception& error) {
      command.context().warning(fmt::format("what was embedded cannot be kept: {}", error.what()));
    }
    throw;
  }
}

/// The array that is written: that of a shard has a name of its own.
std::string array_of(const CommandLine& command, const std::optional<ShardChoice>& shard) {
  const auto output = command.get<std::string>("output");
  return shard ? name_of_shard(output, *shard) : output;
}

void print_array(const CommandLine& command, const std::string& array, int64_t rows, int64_t dimension,
                 int64_t failed) {
  if (command.json()) {
    std::cout << json_text({{"rows", rows}, {"dimension", dimension}, {"failed", failed}, {"output", array}})
              << "\n";
  } else if (rows > 0) {
    std::cout << fmt::format("{}: {} rows of {} numbers\n", shown(array), rows, dimension);
  }
}

int join_command(const CommandLine& command) {
  for (const auto* option :
       {"model", "pipeline", "data", "set", "output", "mirror", "resume", "shard", "PATHS"}) {
    if (command.has(option))
      throw UsageError(fmt::format("--join FILE.npy takes the shards of FILE.npy alone, and no {}{}",
                                   option == std::string("PATHS") ? "" : "--", option));
  }
  const auto array = command.get<std::string>("join");
  check_is_array("join", array);
  const auto joined = join_shards(array, command.context());
  print_array(command, array, joined.rows, joined.dimension, joined.failed);
  if (joined.rows == 0) command.context().warning("no array was written, since none of the shards has a row");
  return joined.rows == 0 ? kExitRunFailed : kExitOk;
}

int embed_command(const CommandLine& command) {
  if (command.has("join")) return join_command(command);
  check_usage(command);
  const auto shard = shard_choice(command);
  const auto array = array_of(command, shard);
  // Before the output is opened; what folders and the standard input name is checked where they are read.
  check_output_is_no_input(array, command.list("PATHS"));
  EmbeddingOutput out(array, command.has("resume"), command.context());
  const auto count = embed_and_keep(command, shard, out);
  const auto rows = out.position().rows;
  if (count.failed > 0) {
    command.context().warning(
        fmt::format("{} could not be embedded; {} says why{}", count.text, out.list(),
                    rows == 0 ? ", and no array was written since there is no row" : ""));
  }
  print_array(command, out.array(), rows, out.dimension(), count.failed);
  if (out.is_empty_share())
    command.context().info("no input falls to this shard; it is complete with " + out.list());
  // A shard without a row is complete all the same: whether there is none at all is seen when they are
  // joined.
  return rows == 0 && !shard ? kExitRunFailed : kExitOk;
}

const CommandBody kEmbed("embed", &embed_command);

}  // namespace
}  // namespace kindred::host
