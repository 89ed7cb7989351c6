#include "host/cli/export_samples.hpp"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <algorithm>

#include "host/base/text.hpp"
#include "host/contracts/contracts.hpp"
#include "host/data/transform_list.hpp"
#include "host/run/checked_pipeline.hpp"
#include "kindred/error.hpp"

namespace kindred::host {

ExportSamples samples_of_pipeline(const Document& document, const Catalog& catalog, const Servable& servable,
                                  const ExportInput& input) {
  constexpr size_t kFewest = 3;
  const auto pipeline = checked_pipeline(document, catalog);
  const auto dataset =
      create_under_contract<Dataset>(catalog, *pipeline.dataset.info, pipeline.dataset.params);
  const auto field = fields_read(servable.model, *dataset).front();
  const auto asked = std::min(kExportSamples, dataset->size());
  std::vector<at::Tensor> read;
  std::string problem = "it has no more";
  for (int64_t i = 0; i < asked; ++i) {
    try {
      auto sample = dataset->read_field(i * dataset->size() / asked, field);
      if (input.is_picture()) sample = transformed(servable.transforms, sample);
      if (input.is_text() || sample.sizes() == at::IntArrayRef(input.sample))
        read.push_back(sample.clone());
      else
        problem =
            fmt::format("a sample is {} and not {}", shape_text(sample), shape_text(at::empty(input.sample)));
    } catch (const std::exception& error) {
      problem = without_trace(error.what());
    }
  }
  if (read.size() < kFewest) {
    throw Error(fmt::format("of the dataset {} {} samples can be used, and three are needed: {}",
                            pipeline.dataset.info->id, read.size(), problem));
  }
  return {input.batch(read), "of the dataset " + pipeline.dataset.info->id};
}

}  // namespace kindred::host
