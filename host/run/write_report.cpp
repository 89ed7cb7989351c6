#include "host/run/write_report.hpp"

#include <filesystem>
#include <memory>
#include <utility>

#include "host/contracts/contracts.hpp"
#include "host/loader/catalog.hpp"
#include "host/pipeline/changed_settings.hpp"
#include "host/report/run_report/run_report.hpp"
#include "kindred/error.hpp"
#include "kindred/io/file.hpp"

namespace kindred::host {
namespace fs = std::filesystem;
using nlohmann::json;
namespace {

WrittenReport write(const ReportSource& source, const std::string& output) {
  const auto report = run_report(source);
  write_file_atomically(output, report.html);
  return {output, static_cast<int64_t>(report.html.size()), report.pictures, report.left_out,
          source.without_dataset};
}

ReportSource source_of(FinishedRun run, const Catalog& catalog) {
  ReportSource source;
  source.run = std::move(run);
  source.changed = changed_settings(source.run.pipeline, catalog);
  return source;
}

/// The dataset that a resolved pipeline names.
std::shared_ptr<Dataset> dataset_of(const json& pipeline, const Catalog& catalog) {
  auto spec = pipeline.value("/data/dataset"_json_pointer, json::object());
  const auto type = spec.value("type", "");
  const auto* info = catalog.find("dataset", type);
  if (info == nullptr) throw Error("there is no plugin with the dataset " + type);
  spec.erase("type");
  return create_under_contract<Dataset>(catalog, *info, spec);
}

}  // namespace

WrittenReport write_report(const std::string& folder, const Catalog& catalog, const Dataset* dataset) {
  auto source = source_of(read_run(folder), catalog);
  source.dataset = dataset;
  return write(source, (fs::path(folder) / kReportFile).string());
}

WrittenReport write_report_again(const FinishedRun& run, const std::string& output, const Catalog& catalog) {
  auto source = source_of(run, catalog);
  std::shared_ptr<Dataset> dataset;
  try {
    dataset = dataset_of(run.pipeline, catalog);
    source.dataset = dataset.get();
  } catch (const std::exception& error) {
    source.without_dataset = error.what();
  }
  return write(source, output);
}

}  // namespace kindred::host
