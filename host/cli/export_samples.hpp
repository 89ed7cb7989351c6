#pragma once

#include <string>

#include "host/base/context.hpp"
#include "host/export/export_check.hpp"
#include "host/export/model_network.hpp"
#include "host/loader/catalog.hpp"
#include "host/model/servable.hpp"
#include "host/pipeline/document.hpp"

namespace kindred::host {

/// Samples of the dataset of `pipeline`, evenly spaced and through the model's transforms, by which its
/// export is checked. Those that cannot be read or have another size than `input` are left out. Throws Error,
/// which says why, where no three are left.
ExportSamples samples_of_pipeline(const Document& pipeline, const Catalog& catalog, const Servable& servable,
                                  const ExportInput& input);

}  // namespace kindred::host
