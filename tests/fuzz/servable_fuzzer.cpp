// The manifest of a servable; the tensors beside it are those of the pipeline's own checkpoint reader.
#include <ATen/ATen.h>

#include <fstream>
#include <string_view>
#include <vector>

#include "fuzz_target.hpp"
#include "host/loader/catalog.hpp"
#include "host/model/servable.hpp"
#include "kindred/error.hpp"
#include "kindred/io/checkpoint.hpp"
#include "tests/support/temporary_folder.hpp"

namespace kindred::fuzz {
namespace {

std::vector<NamedTensor> skip_connection(const std::string& place) {
  return {{place + "gates_0", at::zeros({4})},
          {place + "fc_0.weight", at::zeros({4, 4})},
          {place + "fc_0.bias", at::zeros({4})}};
}

/// A folder with the tensors of a model, that goes with the process.
struct ModelFolder : testing::TemporaryFolder {
  ModelFolder(const std::string& name, const std::vector<NamedTensor>& heads)
      : TemporaryFolder("servable_fuzzer_" + name) {
    write_safetensors(*this / "encoder.safetensors", {});
    write_safetensors(*this / "head.safetensors", heads);
  }
};

}  // namespace

KINDRED_FUZZ_TARGET(servable) {
  static const auto catalog = host::Catalog::load(std::vector<std::string>{KINDRED_TEST_PLUGINS});
  static const ModelFolder chain("chain", skip_connection("0."));        // of the seed chain.json
  static const ModelFolder choice("switch", skip_connection("0.0.0."));  // of the seed switch.json
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto& folder = text.find("\"switch\"") == std::string_view::npos ? chain : choice;
  std::ofstream(folder / "model.json", std::ios::binary) << text;
  try {
    host::load_servable(folder.path().string(), catalog, at::kCPU);
    return true;
  } catch (const Error&) {
    return false;
  } catch (const host::PluginError&) {
    return false;
  }
}

}  // namespace kindred::fuzz
