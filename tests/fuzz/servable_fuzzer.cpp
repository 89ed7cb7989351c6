// The manifest of a servable; the tensors beside it are those of the pipeline's own checkpoint reader.
#include <ATen/ATen.h>
#include <unistd.h>

#include <filesystem>

#include "host/engine/servable.hpp"
#include "host/loader/catalog.hpp"
#include "kindred/checkpoint.hpp"
#include "kindred/error.hpp"

namespace {

/// A folder with the tensors of an identity encoder and a skip_connection head for 4 numbers.
std::filesystem::path make_folder() {
  const auto folder =
      std::filesystem::temp_directory_path() / ("kindred_servable_fuzzer_" + std::to_string(::getpid()));
  std::filesystem::create_directories(folder);
  kindred::write_safetensors((folder / "encoder.safetensors").string(), {});
  kindred::write_safetensors(
      (folder / "head.safetensors").string(),
      {{"0.gates_0", at::zeros({4})}, {"0.fc_0.weight", at::zeros({4, 4})}, {"0.fc_0.bias", at::zeros({4})}});
  return folder;
}

struct Folder {
  std::filesystem::path path = make_folder();
  ~Folder() { std::filesystem::remove_all(path); }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace kindred::host;
  static const auto catalog = Catalog::load(std::vector<std::string>{KINDRED_TEST_PLUGINS});
  static const Folder folder;
  if (auto* file = std::fopen((folder.path / "model.json").c_str(), "wb")) {
    std::fwrite(data, 1, size, file);
    std::fclose(file);
  }
  try {
    load_servable(folder.path.string(), catalog, at::kCPU);
  } catch (const kindred::Error&) {
  } catch (const PluginError&) {
  }
  return 0;
}
