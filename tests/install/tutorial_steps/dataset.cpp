#include "kindred/dataset.hpp"

#include <ATen/ATen.h>

#include "kindred/error.hpp"
#include "kindred/io/npy.hpp"
#include "kindred/plugin.hpp"

namespace {

/// Pictures stored as arrays, each a class of its own.
class MyDataset final : public kindred::Dataset {
 public:
  struct Params {
    std::vector<std::string> files;
    static void describe(kindred::Schema<Params>& schema) {
      schema.field("files", &Params::files).doc("Files .npy, uint8 (H, W, 3).").required();
    }
  };
  explicit MyDataset(const Params& params) : files_(params.files) {
    for (int64_t i = 0; i < size(); ++i) labels_.push_back(i);
  }

  kindred::ObjectKind object_kind() const override { return kindred::ObjectKind::image; }
  int64_t size() const override { return static_cast<int64_t>(files_.size()); }
  const std::vector<int64_t>& labels() const override { return labels_; }
  std::string sample_name(int64_t index) const override { return files_.at(static_cast<size_t>(index)); }

  at::Tensor read(int64_t index) const override {
    // shown in the tutorial:
    const auto& file = files_.at(static_cast<size_t>(index));  // throws for an index out of range
    const auto image = kindred::map_npy(file);  // kindred/io/npy.hpp; throws an Error that names the file
    if (image.dim() == 3 && image.size(2) == 3 && image.scalar_type() == at::kByte) return image;
    throw kindred::Error(file + " holds no uint8 (H, W, 3) array");
    // end
  }

  std::string fingerprint() const override {
    std::string text;
    for (const auto& file : files_) text += file + '\n';
    return text;
  }

 private:
  std::vector<std::string> files_;
  std::vector<int64_t> labels_;
};

}  // namespace

KINDRED_COMPONENT(kindred::Dataset, MyDataset, "my.next_dataset", "0.1.0", "Pictures stored as arrays");
