#include <algorithm>
#include <filesystem>
#include <optional>

#include "files/file_stamp.hpp"
#include "files/image_file.hpp"
#include "files/numbered_labels.hpp"
#include "kindred/dataset.hpp"
#include "kindred/error.hpp"
#include "kindred/io/folder.hpp"
#include "kindred/io/image_names.hpp"
#include "kindred/io/json_text.hpp"
#include "kindred/io/utf8.hpp"
#include "kindred/plugin.hpp"
#include "tar_file.hpp"
#include "tar_samples.hpp"

namespace kindred {
namespace {
namespace fs = std::filesystem;

constexpr uint64_t kLongestLabel = 4096;  // of a .cls; more is something else

/// Without their dots.
std::vector<std::string> usual_extensions() {
  std::vector<std::string> all;
  for (const auto& ending : image_endings()) all.push_back(ending.substr(1));
  return all;
}

/// Pictures in tar files (the layout of WebDataset): files of one sample share their name up to the first
/// dot, 000123.jpg and 000123.cls or 000123.json. Constructing it reads headers and labels, so that pictures
/// are read from anywhere without unpacking.
class TarShardsDataset final : public Dataset {
 public:
  static constexpr const char* kAlsoKnownAs[] = {"WebDataset", "Tar"};
  struct Params {
    std::string root;
    std::vector<std::string> extensions = usual_extensions();
    std::string label_key = "label";
    static void describe(Schema<Params>& schema) {
      schema.field("root", &Params::root)
          .doc("Folder with the shards: every *.tar in it, by name.")
          .path()
          .example("\"shards\"")
          .required();
      schema.field("extensions", &Params::extensions)
          .doc(
              "What the names of pictures have behind the first dot, or else behind the last; of two in a "
              "sample the first here is taken.");
      schema.field("label_key", &Params::label_key)
          .doc(
              "Key of the label in a sample's .json, read where there is no .cls. Integers stay what they "
              "are, words are numbered by name; -1 where no sample has one.");
    }
  };

  explicit TarShardsDataset(const Params& params) : params_(params) {
    for (auto& one : params_.extensions) one = lower_case(one);
    if (params_.extensions.empty())
      throw Error("tar_shards: extensions is empty; leave it out for the usual ones");
    if (!fs::is_directory(params.root)) throw Error("tar_shards: root " + params.root + " is no folder");
    find_shards();
    std::vector<std::optional<std::string>> words;
    TarSamples found(params_.extensions, params_.extensions != usual_extensions());
    for (size_t i = 0; i < shards_.size(); ++i) {
      for (const auto& sample : found.of_shard(shards_[i])) {
        samples_.push_back({i, sample.file()});
        words.push_back(label_of(sample, shards_[i]));
      }
    }
    for (auto& note : found.notes(params.root)) notes_.push_back(std::move(note));
    if (samples_.empty()) {
      throw Error("tar_shards: the shards in " + params.root + " hold no sample" +
                  (notes_.empty() ? "" : "; " + notes_.front().text));
    }
    labels_ = numbered_if_given(words, "tar_shards: " + params.root, "samples");
    for (auto& note : labels_.notes) notes_.push_back(std::move(note));
    if (!no_utf8_.empty()) notes_.push_back({no_utf8_});
  }

  ObjectKind object_kind() const override { return ObjectKind::image; }
  int64_t size() const override { return static_cast<int64_t>(samples_.size()); }
  const std::vector<int64_t>& labels() const override { return labels_.labels; }
  std::vector<std::string> class_names() const override { return labels_.names; }
  at::Tensor read(int64_t index) const override {
    const auto& sample = samples_.at(static_cast<size_t>(index));
    const auto& shard = shards_[sample.shard];
    return decode_image(shard.read(sample.image), shard.path() + ": " + sample.image.name);
  }
  std::string sample_name(int64_t index) const override {
    const auto& sample = samples_.at(static_cast<size_t>(index));
    return fs::path(shards_[sample.shard].path()).lexically_relative(params_.root).string() + "/" +
           sample.image.name;
  }
  std::vector<Note> notes() const override { return notes_; }
  StoredObject stored(int64_t index, size_t) const override {
    const auto& sample = samples_.at(static_cast<size_t>(index));
    return {shards_[sample.shard].path(), static_cast<int64_t>(sample.image.offset),
            static_cast<int64_t>(sample.image.size), ""};
  }
  std::string fingerprint() const override {
    std::string text = "tar_shards 2";
    for (const auto& one : params_.extensions) text += " " + one;
    for (const auto& shard : shards_) text += "\n" + file_stamp(shard.path());
    return text;
  }

 private:
  struct Sample {
    size_t shard;
    TarEntry image;
  };

  /// Takes every *.tar in root and below it, in the order of their paths.
  void find_shards() {
    const auto found = files_below(params_.root);
    if (!found.nowhere.empty()) notes_.push_back({"tar_shards: " + found.nowhere, true});
    if (!found.circles.empty()) notes_.push_back({"tar_shards: " + found.circles});
    std::vector<std::string> compressed;
    for (const auto& file : found.files) {
      if (ending_of(file) == ".tar") shards_.emplace_back(file);
      if (is_compressed_tar(file)) compressed.push_back(file);
    }
    const auto unpack = "; unpack them first, for example by gunzip";
    if (shards_.empty())
      throw Error(
          "tar_shards: " + params_.root + " holds no *.tar" +
          (compressed.empty() ? "" : ", only compressed shards (" + first_few(compressed) + ")" + unpack));
    if (!compressed.empty())
      notes_.push_back({"tar_shards: " + params_.root + ": " + std::to_string(compressed.size()) +
                            (compressed.size() == 1 ? " compressed shard is" : " compressed shards are") +
                            " left out (" + first_few(compressed) + ")" + unpack,
                        true});
  }

  static bool is_compressed_tar(const std::string& file) {
    const auto ending = ending_of(file);
    if (ending == ".tgz" || ending == ".tbz2" || ending == ".txz" || ending == ".tzst") return true;
    return (ending == ".gz" || ending == ".bz2" || ending == ".xz" || ending == ".zst" || ending == ".lz4") &&
           ending_of(file.substr(0, file.size() - ending.size())) == ".tar";
  }

  /// Beside "side.png", "side.cls" comes before "cls".
  std::optional<std::string> label_of(const TarSamples::Sample& sample, const TarFile& shard) {
    const auto& parts = sample.parts;
    const auto before = sample.image.substr(0, sample.image.rfind('.') + 1);
    for (const auto& name : {before + "cls", std::string("cls")}) {
      if (const auto it = parts.find(name); it != parts.end()) return label_of_text(it->second, shard);
    }
    for (const auto& name : {before + "json", std::string("json")}) {
      if (const auto it = parts.find(name); it != parts.end()) return label_of_json(it->second, shard);
    }
    return {};
  }

  /// A label is bytes; of the first that is no UTF-8 a note tells how it is shown.
  std::optional<std::string> label_of_text(const TarEntry& entry, const TarFile& shard) {
    if (entry.size <= kLongestLabel) {
      const auto text = text_content(shard.read(entry), "the member " + entry.name + " of " + shard.path());
      if (no_utf8_.empty() && first_not_utf8(text) != std::string_view::npos)
        no_utf8_ =
            "tar_shards: " + shard.path() + ": the label in " + entry.name +
            " is no UTF-8; names of such classes are shown with escapes, such as \\xE9. Write labels in "
            "UTF-8 to see them as they are";
      return label_word(text);
    }
    throw Error("tar_shards: " + shard.path() + ": " + entry.name +
                " holds no label; expected an integer or a word");
  }

  std::optional<std::string> label_of_json(const TarEntry& entry, const TarFile& shard) const {
    const auto text = shard.read(entry);
    const auto value = parse_json(text);
    if (!value.is_object()) {
      const auto fault = encoding_fault(text, "the member " + entry.name);
      throw Error("tar_shards: " + shard.path() + ": " + entry.name + " is no object of JSON" +
                  (fault.empty() ? "" : ": " + fault));
    }
    const auto it = value.find(params_.label_key);
    if (it == value.end() || it->is_null()) return {};
    if (it->is_string()) return label_word(it->get_ref<const std::string&>());
    if (!it->is_number_integer()) {
      throw Error("tar_shards: " + shard.path() + ": \"" + params_.label_key + "\" in " + entry.name +
                  " is no text and no integer");
    }
    return json_text(*it);
  }

  Params params_;
  std::vector<TarFile> shards_;
  std::vector<Sample> samples_;
  NumberedLabels labels_;
  std::vector<Note> notes_;
  std::string no_utf8_;  ///< a sentence of the first label that is no UTF-8, or empty
};

}  // namespace
KINDRED_COMPONENT(Dataset, TarShardsDataset, "kindred.tar_shards", "1.1.0",
                  "Pictures in tar files (the layout of WebDataset)");
}  // namespace kindred
