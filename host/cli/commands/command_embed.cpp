#include <ATen/ATen.h>
#include <fmt/format.h>

#include <filesystem>
#include <iostream>
#include <optional>

#include "host/base/exit_code.hpp"
#include "host/cli/command_body.hpp"
#include "host/cli/command_line.hpp"
#include "host/cli/embedding.hpp"
#include "host/contracts/contracts.hpp"
#include "host/data/dataset_notes.hpp"
#include "host/model/device.hpp"
#include "host/pipeline/validator.hpp"
#include "host/run/checked_pipeline.hpp"
#include "host/run/components.hpp"
#include "host/run/make_model.hpp"
#include "kindred/error.hpp"
#include "kindred/io/file.hpp"
#include "kindred/io/npy.hpp"

namespace kindred::host {
namespace fs = std::filesystem;
using nlohmann::json;
namespace {

void check_usage(const CommandLine& command) {
  if (command.has("model") == command.has("pipeline"))
    throw UsageError("give either --model DIR or --pipeline FILE");
  if (command.has("model") && !command.list("set").empty())
    throw UsageError("--set changes the pipeline of --pipeline; a model is as it is");
  if (command.has("data") == !command.list("PATHS").empty())
    throw UsageError("give either PATHS or --data FILE");
  if (!command.has("output")) throw UsageError("--output FILE.npy is missing");
  const fs::path output = command.get<std::string>("output");
  if (output.extension() != ".npy") throw UsageError("--output " + output.string() + " must end in .npy");
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

/// Embeds what a command line asks for.
class EmbedTask {
 public:
  explicit EmbedTask(const CommandLine& command)
      : command_(command),
        device_(device_from_name(command.get<std::string>("device"))),
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
    if (source) pipeline_ = checked_pipeline(*source, catalog_, DatasetUse::unused);
  }

  Embedded embed() {
    auto model = pipeline_
                     ? untrained([](const EncoderSpec&) { return 0; })
                     : InferenceModel::load(command_.get<std::string>("model"), catalog_, device_, options_);
    return data_ ? embed_data(std::move(model)) : embed_paths(std::move(model));
  }

 private:
  /// The encoders and the transforms of the pipeline as if they had been trained for no epoch.
  InferenceModel untrained(const VectorLength& length) const {
    auto encoders = make_untrained_encoders(catalog_, *pipeline_, length);
    move_to(encoder_tensors(encoders), device_);
    return {std::move(encoders), make_components(catalog_, *pipeline_).transforms.plain, device_, options_};
  }

  Embedded embed_data(InferenceModel model) const {
    const auto data = checked_pipeline(*data_, catalog_);
    const auto dataset = create_under_contract<Dataset>(catalog_, *data.dataset.info, data.dataset.params);
    say_notes(*dataset, data.loading.on_error, command_.context());
    if (pipeline_ && model.lacks_length())
      model = untrained([&](const EncoderSpec& spec) { return length_in(*dataset, spec.options.field); });
    return embed_dataset(model, *dataset, command_.context());
  }

  Embedded embed_paths(InferenceModel model) const {
    if (model.fields().size() > 1) {
      throw UsageError(
          "the model has several encoders, so that it embeds records, not files; give --data FILE");
    }
    const auto kind = model.fields().front().kind;
    const auto decoders = kind == ObjectKind::image ? Decoders(catalog_) : Decoders();
    const auto files = expand_paths(command_.list("PATHS"), kind, decoders);
    if (pipeline_ && model.lacks_length())
      model = untrained([&](const EncoderSpec&) { return first_length(files); });
    return embed_files(model, decoders, files, command_.context());
  }

  const CommandLine& command_;
  const at::Device device_;
  const InferenceModel::Options options_;
  std::optional<Document> data_;
  Catalog catalog_;
  std::optional<Pipeline> pipeline_;  ///< whose encoders are taken untrained
};

int embed_command(const CommandLine& command) {
  check_usage(command);
  const fs::path output = command.get<std::string>("output");
  const auto embedded = EmbedTask(command).embed();

  write_npy(output.string(), embedded.rows);
  std::string lines;
  for (const auto& line : embedded.lines) lines += line.dump() + "\n";
  const auto list = fs::path(output).replace_extension(".jsonl").string();
  write_file_atomically(list, lines);
  const auto rows = embedded.rows.size(0);
  if (embedded.failed > 0) {
    command.context().warning(fmt::format("{} of {} inputs could not be embedded; {} says why",
                                          embedded.failed, embedded.inputs, list));
  }
  if (command.json()) {
    std::cout << json{{"rows", rows},
                      {"dimension", embedded.rows.size(1)},
                      {"failed", embedded.failed},
                      {"output", output.string()}}
                     .dump()
              << "\n";
  } else {
    std::cout << fmt::format("{}: {} rows of {} numbers\n", output.string(), rows, embedded.rows.size(1));
  }
  return rows == 0 ? kExitRunFailed : kExitOk;
}

const CommandBody kEmbed("embed", &embed_command);

}  // namespace
}  // namespace kindred::host
