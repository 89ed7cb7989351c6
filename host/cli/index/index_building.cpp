#include <fmt/format.h>

#include <filesystem>

#include "host/base/exit_code.hpp"
#include "host/cli/embed/input_share.hpp"
#include "host/cli/index/filling.hpp"
#include "host/cli/index/index_actions.hpp"
#include "host/cli/index/index_change.hpp"
#include "host/cli/index/index_choice.hpp"
#include "host/index/build_note.hpp"
#include "host/index/shard_note.hpp"
#include "kindred/error.hpp"

namespace kindred::host {
namespace fs = std::filesystem;
using nlohmann::json;
namespace {

void check_goes_with_shard(const CommandLine& command) {
  if (!command.has("shard")) return;
  if (command.has("whiten")) {
    throw UsageError(
        "--whiten learns from the rows of the whole index, of which a shard has a part: build without "
        "--whiten "
        "and whiten when the shards are merged, with host index merge --whiten");
  }
  if (command.has("index")) {
    throw UsageError(
        "--index is for all rows, of which a shard has a part: leave it out, and give it to host index "
        "merge");
  }
}

/// The folder that a build makes: that of a shard has a name of its own.
std::string built_folder(const CommandLine& command, const IndexEncoder& encoder) {
  const auto output = command.get<std::string>("output");
  return encoder.shard() ? name_of_shard(output, *encoder.shard()) : output;
}

IndexWriter begun_anew(const CommandLine& command, const IndexEncoder& encoder) {
  const auto folder = built_folder(command, encoder);
  auto writer = IndexWriter::create(folder, asked_space(command, encoder), "host index build");
  encoder.note_in(writer);
  writer.set_note(kBuildNote, true);
  return writer;
}

/// The index that a build begins or goes on with.
IndexWriter begun(const CommandLine& command, const IndexEncoder& encoder) {
  const auto folder = built_folder(command, encoder);
  const auto manifest = fs::path(folder) / kManifestFile;
  if (!fs::exists(manifest)) return begun_anew(command, encoder);
  {
    IndexWriter writer(folder, "host index build");
    check_model(folder, writer.space(), encoder.model_name(), encoder.fingerprint());
    const bool is_shard = encoder.shard() && !writer.note(kShardNote).is_null();  // which is looked at later
    if (writer.note(kBuildNote) != true && writer.state().rows > 0 && !is_shard) {
      throw Error(
          fmt::format("{} is an index that is complete; add to it with host index add, or name another "
                      "--output",
                      folder));
    }
    if (writer.state().rows > 0) check_same_change(command, writer);
    if (writer.state().rows > 0 || is_same_change(command, writer)) return writer;
    fs::remove(manifest);  // nothing of it would be lost
  }
  return begun_anew(command, encoder);
}

}  // namespace

int build_index(const CommandLine& command) {
  if (!command.has("output")) throw UsageError("--output INDEX is missing");
  if (!command.has("model")) throw UsageError("--model DIR is missing");
  const auto paths = command.list("ARGUMENTS");
  if (command.has("data") == !paths.empty()) throw UsageError("give either PATHS or --data FILE");
  check_goes_with_shard(command);
  const ComponentChoice choice(command);
  const IndexEncoder encoder(command, command.get<std::string>("model"));
  choice.check(encoder.catalog());
  auto writer = begun(command, encoder);
  const auto filled = Filling(command, encoder, writer).fill(paths, true);
  if (filled.was_complete) {
    command.context().info(
        fmt::format("{} is complete and stays as it is; to build it anew, remove its folder", writer.path()));
    print_filled(command, said_of(writer, filled), items_text(writer));
    return kExitOk;
  }
  tell_failures(filled, command.context());
  whiten_rows(writer, command.context());
  auto said = said_of(writer, filled);
  // What finds the rows of a shard is built when shards are merged; until then each row is compared.
  said["index"] = encoder.shard() ? json() : choice.build(writer, encoder.catalog(), command.context());
  writer.set_note(kBuildNote, nullptr);
  writer.finish();
  print_filled(command, said, items_text(writer));
  return writer.state().rows == 0 && !encoder.shard() ? kExitRunFailed : kExitOk;  // a shard may have none
}

}  // namespace kindred::host
