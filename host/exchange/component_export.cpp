#include "host/exchange/component_export.hpp"

#include <filesystem>

#include "host/exchange/items_beside.hpp"
#include "host/exchange/transfer.hpp"
#include "host/index/component_files.hpp"
#include "kindred/error.hpp"
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
  const auto files = save_files([&](const std::string& into) { component->save(into); }, folder);
  ItemsBesideSink sink((fs::path(folder) / "items").string(), source.head());
  auto exported = transfer(source, sink, *request.context, "exporting");
  auto& written = exported.written;
  written.erase(written.begin());  // the component's files are the rows
  for (auto file = files.rbegin(); file != files.rend(); ++file)
    written.insert(written.begin(), (fs::path(folder) / file->name).string());
  return exported;
}

}  // namespace kindred::host
