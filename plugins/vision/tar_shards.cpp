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
    for (const auto& entry : fs::directory_iterator(params.root)) {
      if (entry.is_regular_file() && entry.path().extension() == ".tar" &&
          !is_left_behind(entry.path().filename().native()))
        shards_.emplace_back(entry.path().string());
    }
    if (shards_.empty()) {
      throw Error("tar_shards: " + params.root +
                  " holds no *.tar; compressed ones (*.tar.gz) must be unpacked first (gunzip)");
    }
    std::sort(shards_.begin(), shards_.end(),
              [](const auto& a, const auto& b) { return a.path() < b.path(); });
    std::vector<std::optional<std::string>> words;
    TarSamples found(params_.extensions, params_.extensions != usual_extensions());
    for (size_t i = 0; i < shards_.size(); ++i) {
      for (const auto& sample : found.of_shard(shards_[i])) {
        samples_.push_back({i, sample.file()});
        words.push_back(label_of(sample, shards_[i]));
      }
    }
    notes_ = found.notes(params.root);
    if (samples_.empty()) {
      throw Error("tar_shards: the shards in " + params.root + " hold no sample" +
                  (notes_.empty() ? "" : "; " + notes_.front().text));
    }
    labels_ = numbered_if_given(words, "tar_shards: " + params.root, "samples");
    for (auto& note : labels_.notes) notes_.push_back(std::move(note));
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
    return fs::path(shards_[sample.shard].path()).filename().string() + "/" + sample.image.name;
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

  /// Beside "side.png", "side.cls" comes before "cls".
  std::optional<std::string> label_of(const TarSamples::Sample& sample, const TarFile& shard) const {
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

  static std::optional<std::string> label_of_text(const TarEntry& entry, const TarFile& shard) {
    if (entry.size <= kLongestLabel) return label_word(shard.read(entry));
    throw Error("tar_shards: " + shard.path() + ": " + entry.name +
                " holds no label; expected an integer or a word");
  }

  std::optional<std::string> label_of_json(const TarEntry& entry, const TarFile& shard) const {
    const auto text = shard.read(entry);
    const auto value = parse_json(text);
    if (!value.is_object()) {
      const auto fault = encoding_fault(text, entry.name);
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
};

}  // namespace
KINDRED_COMPONENT(Dataset, TarShardsDataset, "kindred.tar_shards", "1.1.0",
                  "Pictures in tar files (the layout of WebDataset)");
}  // namespace kindred
