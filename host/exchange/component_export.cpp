#include "host/exchange/component_export.hpp"

#include <filesystem>

#include "host/exchange/item_lines.hpp"
#include "host/exchange/transfer.hpp"
#include "host/index/component_files.hpp"
#include "kindred/error.hpp"
#include "kindred/io/file.hpp"
#include "kindred/io/json_text.hpp"

namespace kindred::host {
namespace fs = std::filesystem;

Exported write_faiss(IndexSource& source, const ExchangeRequest& request) {
  const auto& folder = request.place;
  if (fs::exists(folder) && !(fs::is_directory(folder) && fs::is_empty(folder)))
    throw Error(folder + " is there already; name a folder that does not exist");
  IndexComponent what;
  what.id = "kindred.faiss";
  what.params = request.params;
  if (!what.params.contains("factory")) what.params["factory"] = "Flat";
  const auto component = request.make(what);
  const auto rows = std::make_shared<ChosenRows>(source.folder().rows(), source.places());
  request.context->info("building " + json_text(what.params["factory"]) + " over " +
                        std::to_string(rows->size()) + " rows");
  component->build(rows, source.head().space.distance);
  // The folder gets its name when the component's files are whole.
  std::error_code ignored;
  fs::remove(folder, ignored);
  Exported exported;
  for (const auto& file : save_files([&](const std::string& into) { component->save(into); }, folder))
    exported.written.push_back((fs::path(folder) / file.name).string());
  const auto head = (fs::path(folder) / "items.json").string();
  write_file_atomically(head, json_text(head_json(source.head()), 2) + "\n");
  const auto lines = (fs::path(folder) / "items.jsonl").string();
  LinesSink sink(lines);
  transfer(source, sink, *request.context, "exporting");
  exported.written.insert(exported.written.end(), {lines, head});
  return exported;
}

}  // namespace kindred::host
