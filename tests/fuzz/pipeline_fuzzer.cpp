#include "host/loader/catalog.hpp"
#include "host/pipeline/document.hpp"
#include "host/pipeline/validator.hpp"
#include "memory_file.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace kindred::host;
  static const auto catalog = Catalog::load(std::vector<std::string>{KINDRED_TEST_PLUGINS});
  const kindred::fuzz::MemoryFile file(data, size);
  try {
    const auto document = load_document(file.path(), {});
    plugin_folders(document);
    validate_pipeline(document, catalog);
  } catch (const PipelineError&) {
  }
  return 0;
}
