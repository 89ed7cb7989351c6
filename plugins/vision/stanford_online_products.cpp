#include <filesystem>
#include <map>

#include "files/splits.hpp"
#include "files/text_lines.hpp"
#include "kindred/error.hpp"
#include "kindred/plugin.hpp"
#include "listed_images.hpp"

namespace kindred {
namespace {
namespace fs = std::filesystem;

/// Stanford Online Products (Song et al. 2016) as it is unpacked: Ebay_train.txt and Ebay_test.txt with lines
/// "image_id class_id super_class_id path" below a header. The halves share no class: the training half has
/// the classes 0 to 11,317, so "split": {"train": {"first": 11318}} is the published split.
class StanfordOnlineProductsDataset final : public ListedImages {
 public:
  static constexpr const char* kAlsoKnownAs[] = {"SOP"};
  struct Params {
    std::string root;
    std::vector<std::string> splits = {"train", "test"};
    static void describe(Schema<Params>& schema) {
      schema.field("root", &Params::root)
          .doc("Folder with Ebay_train.txt and Ebay_test.txt.")
          .path()
          .example("\"Stanford_Online_Products\"")
          .required();
      schema.field("splits", &Params::splits).doc("Which halves.").one_of({"train", "test"});
    }
  };

  explicit StanfordOnlineProductsDataset(const Params& params)
      : ListedImages({"stanford_online_products", params.root, false, 0}) {
    for (const std::string split : {"train", "test"}) {
      if (wants_split(params.splits, split)) add_split(params.root, split);
    }
  }

 private:
  void add_split(const std::string& root, const std::string& split) {
    const auto path = (fs::path(root) / ("Ebay_" + split + ".txt")).string();
    if (!fs::exists(path)) {
      throw Error("stanford_online_products: " + path +
                  " is missing; root must be the folder Stanford_Online_Products "
                  "with Ebay_train.txt, Ebay_test.txt and a folder per kind of product");
    }
    const auto lines = text_lines(path);
    for (size_t i = 1; i < lines.size(); ++i) {  // behind the header
      const auto words = words_of(lines[i].text);
      if (words.size() != 4) {
        throw Error(path + ":" + std::to_string(lines[i].number) +
                    ": expected \"image_id class_id super_class_id path\", got \"" + lines[i].text + "\"");
      }
      ListedImage image;
      image.file = words[3];
      image.label = number_of(words[1], path, lines[i].number) - 1;
      add(image);
    }
  }
};

}  // namespace
KINDRED_COMPONENT(Dataset, StanfordOnlineProductsDataset, "kindred.stanford_online_products", "1.1.0",
                  "Stanford Online Products: 120,053 pictures of 22,634 products");
}  // namespace kindred
