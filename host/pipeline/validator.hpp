#pragma once

#include <string>
#include <vector>

#include "host/base/issue.hpp"
#include "host/pipeline/document.hpp"
#include "host/pipeline/pipeline.hpp"

namespace kindred::host {

class Catalog;

/// Folders named under "plugins" of a document, absolute; needed before a catalogue exists. Throws
/// PipelineError when the value is not a list of strings.
std::vector<std::string> plugin_folders(const Document& document);

/// What only its dataset and split need, such as files, may be absent where they are not used.
enum class DatasetUse { read, unused };

/// Checks the whole document against the components found and returns the plan. Every problem is reported
/// at once: throws PipelineError. The plan points into `catalog`, which must outlive it.
Pipeline validate_pipeline(const Document& document, const Catalog& catalog);

/// The same, but problems are appended to `issues`, so that a caller can go on checking what is in order:
/// components with a problem are left out of the plan (their `info` is null).
Pipeline validate_pipeline(const Document& document, const Catalog& catalog, std::vector<Issue>& issues,
                           DatasetUse dataset = DatasetUse::read);

}  // namespace kindred::host
