#include <ATen/ATen.h>
#include <torch/csrc/jit/api/module.h>

#include <filesystem>

#include "../../plugins/text/golden.hpp"
#include "../../plugins/text/tiny_folder.hpp"
#include "../../plugins/text/towers/tower_folder.hpp"
#include "../../plugins/vit/vit_folder.hpp"

/// encoder_files FOLDER: writes what encoders are made from: a tiny BERT, tiny towers of texts, a tiny
/// vision transformer and two TorchScript modules.
namespace kindred {
namespace {

void copy_folder(const std::string& from, const std::string& to) {
  std::filesystem::copy(
      from, to, std::filesystem::copy_options::recursive | std::filesystem::copy_options::overwrite_existing);
}

void write_script_module(const std::string& path, const std::string& parameters, const std::string& result) {
  torch::jit::Module module("Made");
  module.register_parameter("table", at::arange(16, at::kFloat).view({8, 2}), false);
  module.define("def forward(self, " + parameters + "):\n  return " + result + "\n");
  module.save(path);
}

}  // namespace
}  // namespace kindred

int main(int, char** argv) {
  const std::string folder = argv[1];
  std::filesystem::create_directories(folder);
  const auto golden = kindred::testing::golden("golden_tiny.json");
  const kindred::testing::TinyFolder bert(golden, kindred::testing::variant_named(golden, "mean"));
  kindred::copy_folder(bert.path(), folder + "/bert");
  const auto networks = kindred::testing::vit_golden("golden_folders.json");
  const kindred::testing::VitFolder vit(kindred::testing::case_named(networks, "dinov3_gated"));
  kindred::copy_folder(vit.path(), folder + "/vit");
  const auto towers = kindred::testing::tower_golden("golden_towers.json");
  for (const auto* name : {"clip", "siglip2_text"}) {
    const kindred::testing::TowerFolder tower(kindred::testing::case_named(towers, name));
    kindred::copy_folder(tower.path(), folder + "/" + name);
  }
  kindred::write_script_module(folder + "/picture.pt", "x", "torch.matmul(x.mean([2, 3]), self.table[:3])");
  kindred::write_script_module(folder + "/text.pt", "ids, mask",
                               "torch.embedding(self.table, torch.remainder(ids, 8))");
}
