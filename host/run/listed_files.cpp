#include "host/run/listed_files.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <map>

#include "kindred/io/folder.hpp"
#include "kindred/io/utf8.hpp"

namespace kindred::host {

void look_for_files(const Dataset& dataset, const Pipeline& pipeline, DataCheck& found) {
  std::map<std::string, bool> there;  // several samples may be parts of one file
  std::vector<std::string> missing;
  int64_t samples = 0;
  const auto fields = dataset.fields().size();
  for (int64_t i = 0; i < dataset.size(); ++i) {
    bool has_all = true;
    for (size_t field = 0; field < fields; ++field) {
      const auto file = dataset.stored(i, field).file;
      if (file.empty()) continue;
      const auto [place, is_new] = there.emplace(file, false);
      if (is_new) {
        place->second = std::filesystem::exists(file);
        if (!place->second) missing.push_back(file);
      }
      has_all = has_all && place->second;
    }
    if (!has_all) ++samples;
  }
  if (samples == 0) return;
  const auto sentence = fmt::format("{} of {} samples name files that are not there ({})", samples,
                                    dataset.size(), shown(first_few(missing)));
  const auto& loading = pipeline.loading;
  const bool too_many =
      static_cast<double>(samples) > loading.max_skipped * static_cast<double>(dataset.size());
  if (loading.on_error == OnError::fail || too_many)
    found.issues.push_back(
        {pipeline.file, "/data/dataset",
         fmt::format("{}, more than data.on_error and data.max_skipped allow; mend the list, or "
                     "say where its paths begin (root)",
                     sentence)});
  else
    found.warnings.push_back(sentence);
}

}  // namespace kindred::host
