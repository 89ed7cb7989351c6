#include <ATen/ATen.h>

#include <algorithm>
#include <filesystem>

#include "kindred/dataset.hpp"
#include "kindred/error.hpp"
#include "kindred/io/file.hpp"
#include "kindred/plugin.hpp"

namespace acme {

constexpr int64_t kSide = 4;

/// Files of 4 x 4 x 3 bytes: a component that cannot be made from its defaults.
class FilesDataset final : public kindred::Dataset {
 public:
  struct Params {
    std::string root;
    static void describe(kindred::Schema<Params>& schema) {
      schema.field("root", &Params::root).doc("Folder of the files.").path().required();
    }
  };
  explicit FilesDataset(const Params& params) {
    for (const auto& entry : std::filesystem::directory_iterator(params.root))
      files_.push_back(entry.path().string());
    std::sort(files_.begin(), files_.end());
    labels_.assign(files_.size(), 0);
  }

  kindred::ObjectKind object_kind() const override { return kindred::ObjectKind::image; }
  int64_t size() const override { return static_cast<int64_t>(files_.size()); }
  const std::vector<int64_t>& labels() const override { return labels_; }
  std::string sample_name(int64_t index) const override { return files_.at(static_cast<size_t>(index)); }
  std::string fingerprint() const override { return "files " + std::to_string(size()); }

  at::Tensor read(int64_t index) const override {
    auto bytes = kindred::read_file(files_.at(static_cast<size_t>(index)));
    if (bytes.size() != 3 * kSide * kSide)
      throw kindred::Error(sample_name(index) + " is no picture of 4 x 4");
    return at::from_blob(bytes.data(), {kSide, kSide, 3}, at::kByte).clone();
  }

 private:
  std::vector<std::string> files_;
  std::vector<int64_t> labels_;
};

KINDRED_COMPONENT(kindred::Dataset, FilesDataset, "acme.files", "1.0.0", "Small raw pictures");

}  // namespace acme
