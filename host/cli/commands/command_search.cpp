#include <fmt/format.h>

#include <iostream>

#include "host/base/clock.hpp"
#include "host/base/exit_code.hpp"
#include "host/cli/command_body.hpp"
#include "host/cli/command_line.hpp"
#include "host/cli/index/index_choice.hpp"
#include "host/cli/refinement_request.hpp"
#include "host/cli/search/search_queries.hpp"
#include "host/cli/search/search_text.hpp"
#include "kindred/io/file.hpp"
#include "kindred/io/json_text.hpp"
#include "kindred/io/utf8.hpp"

namespace kindred::host {
namespace {

SearchWish wish_of(const CommandLine& command) {
  const auto text = [&](const char* option) {
    return command.has(option) ? command.get<std::string>(option) : "";
  };
  SearchWish wish{command.get<int64_t>("k"), text("where"), text("group-by"), command.has("exact"),
                  refinement_request(command)};
  if (wish.k < 1) throw UsageError("-k must be at least 1");
  return wish;
}

int search_command(const CommandLine& command) {
  if (!command.has("index")) throw UsageError("--index INDEX is missing; host index build makes one");
  const auto wish = wish_of(command);
  const auto start = now_seconds();
  const auto folder = IndexFolder::open(command.get<std::string>("index"));
  const auto catalog = load_catalog(command);
  const LiveIndex index(folder, index_maker(catalog));
  const auto open_seconds = now_seconds() - start;
  SearchQueries queries(command, catalog, *folder);
  auto asked = queries.all();
  const auto begin = now_seconds();
  const auto results = search_all(index, std::move(asked), wish);
  const auto search_seconds = now_seconds() - begin;
  if (command.has("html")) {
    const auto title = "What was found in " + folder->path();
    write_file_atomically(command.get<std::string>("html"),
                          to_html(results, folder.get(), Decoders(catalog), title));
  }
  if (command.json()) {
    std::cout << json_text({{"index", folder->path()},
                            {"distance", distance_title(folder->space().distance)},
                            {"results", to_json(results)},
                            {"seconds",
                             {{"open", open_seconds},
                              {"model", queries.model_seconds()},
                              {"encode", queries.encode_seconds()},
                              {"search", search_seconds}}}},
                           2)
              << "\n";
  } else {
    std::cout << to_text(results);
  }
  return kExitOk;
}

const CommandBody kSearch("search", &search_command);

}  // namespace
}  // namespace kindred::host
