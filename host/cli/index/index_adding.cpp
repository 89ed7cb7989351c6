#include <fmt/format.h>

#include "host/base/exit_code.hpp"
#include "host/cli/index/action_text.hpp"
#include "host/cli/index/filling.hpp"
#include "host/cli/index/index_actions.hpp"
#include "host/cli/index/index_choice.hpp"

namespace kindred::host {

int add_to_index(const CommandLine& command) {
  const auto paths = paths_behind_index(command);
  if (command.has("data") == !paths.empty()) throw UsageError("give either PATHS or --data FILE");
  const ComponentChoice choice(command);
  IndexWriter writer(command.list("ARGUMENTS").front(), "host index add");
  check_is_whitened(writer.path(), writer.space(), writer.state());
  const IndexEncoder encoder(command, model_of_index(command, writer));
  check_model(writer.path(), writer.space(), encoder.model_name(), encoder.fingerprint());
  const bool resumes = !IndexSink::is_finished(writer.note(IndexSink::kNote));
  if (resumes)
    command.context().info(
        fmt::format("an earlier command that added to {} did not end; files that it added "
                    "are left out",
                    writer.path()));
  const auto filled = Filling(command, encoder, writer).fill(paths, resumes);
  tell_failures(filled, command.context());
  choice.follow(writer, encoder.catalog(), command.context());
  writer.finish();
  print_filled(command, said_of(writer, filled),
               fmt::format("{}; {} were added", items_text(writer), filled.added));
  return filled.added == 0 && filled.there_before == 0 ? kExitRunFailed : kExitOk;
}

}  // namespace kindred::host
