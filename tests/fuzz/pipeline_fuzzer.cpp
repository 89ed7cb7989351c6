#include "fuzz_target.hpp"
#include "host/loader/catalog.hpp"
#include "host/pipeline/document.hpp"
#include "host/pipeline/validator.hpp"
#include "memory_file.hpp"

namespace kindred::fuzz {

KINDRED_FUZZ_TARGET(pipeline) {
  using namespace kindred::host;
  static const auto catalog = Catalog::load(std::vector<std::string>{KINDRED_TEST_PLUGINS});
  const MemoryFile file(data, size);
  try {
    const auto document = load_document(file.path(), {});
    plugin_folders(document);
    validate_pipeline(document, catalog);
    return true;
  } catch (const PipelineError&) {
    return false;
  }
}

}  // namespace kindred::fuzz
