#include <filesystem>
#include <optional>

#include "files/file_stamp.hpp"
#include "files/numbered_labels.hpp"
#include "kindred/error.hpp"
#include "kindred/io/json_text.hpp"
#include "kindred/plugin.hpp"
#include "record_dataset.hpp"
#include "record_fields.hpp"

namespace kindred {
namespace {
namespace fs = std::filesystem;

/// Samples of several parts, one per line of JSON: {"title": "red shoes", "photo": "1.jpg", "label": 3}.
class RecordsDataset final : public RecordDataset {
 public:
  struct Params {
    std::string file;
    std::string root;
    nlohmann::json fields = nlohmann::json::object();
    std::vector<std::string> optional;
    std::string label_key = "label";
    std::string split_key = "split";
    std::vector<std::string> splits;
    static void describe(Schema<Params>& schema) {
      describe_lines(schema);
      schema.field("fields", &Params::fields)
          .doc(
              "Keys that are parts of a sample, each with its kind: {\"title\": \"text\", \"photo\": "
              "\"image\"}. Kinds are text, image (a path) and vector (a list of numbers). Their order is "
              "that of their names, and an encoder that names none reads the first.")
          .type("object")
          .example(R"({"title": "text", "photo": "image"})")
          .required();
      schema.field("label_key", &Params::label_key)
          .doc(
              "Key of the label: integers stay what they are, words are numbered by name; -1 where it is "
              "absent, null or blank.");
      schema.field("split_key", &Params::split_key).doc("Key that `splits` chooses by.");
      schema.field("splits", &Params::splits).doc("Lines of these splits only; left out: all.");
    }
  };

  explicit RecordsDataset(const Params& params)
      : RecordDataset({fields_of(params.fields, "records"), params.optional,
                       params.root.empty() ? fs::path(params.file).parent_path().string() : params.root,
                       "records"}),
        params_(params) {
    std::vector<std::optional<std::string>> words;
    each_json_line(params.file, R"({"title": "red shoes", "label": 3})", [&](const JsonLine& line) {
      if (!line.is_in(params.splits, params.split_key)) return;
      table_.add(line.value, line);
      lines_.push_back(line.number);
      words.push_back(line.word(params.label_key));
    });
    if (size() == 0) throw Error("records: " + params.file + " has no line of the splits that are asked for");
    labels_ = numbered_if_given(words, "records: " + params.file, "lines", lines_);
  }

  const std::vector<int64_t>& labels() const override { return labels_.labels; }
  std::vector<std::string> class_names() const override { return labels_.names; }
  std::vector<Note> notes() const override { return labels_.notes; }
  std::string sample_name(int64_t index) const override {
    return fs::path(params_.file).stem().string() + ":" +
           std::to_string(lines_.at(static_cast<size_t>(index)));
  }
  std::string fingerprint() const override {
    return "records 1 " + json_text(params_.fields) + json_text({params_.split_key, params_.splits}) + "\n" +
           file_stamp(params_.file) + table_.image_stamps();
  }

 private:
  Params params_;
  std::vector<int64_t> lines_;
  NumberedLabels labels_;
};

}  // namespace
KINDRED_COMPONENT(Dataset, RecordsDataset, "kindred.records", "1.1.0",
                  "Samples of several parts (texts, pictures, vectors), one per line of JSON");
}  // namespace kindred
