#include <ATen/ATen.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <unordered_map>

#include "connected_groups.hpp"
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
using nlohmann::json;

/// Scored pairs of objects, one per line of JSON: {"obj_a": "a cat", "obj_b": "a kitten", "score": 0.9,
/// "subgroup": 2}. Objects that are equal are one sample, so that one in many pairs is encoded once. Labels
/// are what a chain of pairs connects.
class PairsJsonlDataset final : public RecordDataset {
 public:
  struct Params {
    std::string file;
    std::string root;
    json fields = json::object();
    std::vector<std::string> optional;
    std::string object = "text";
    std::string a_key = "obj_a";
    std::string b_key = "obj_b";
    std::string score_key = "score";
    std::string subgroup_key = "subgroup";
    static void describe(Schema<Params>& schema) {
      describe_lines(schema);
      schema.field("fields", &Params::fields)
          .doc(
              "For objects of several parts: their keys, each with its kind, as in the dataset records: "
              "{\"title\": \"text\", \"photo\": \"image\"}. Left out: objects are plain texts.");
      schema.field("object", &Params::object)
          .doc("Without `fields`: what a plain text is, the object itself or the path of a picture.")
          .one_of({"text", "image"});
      schema.field("a_key", &Params::a_key).doc("Key of the first object.");
      schema.field("b_key", &Params::b_key).doc("Key of the second object.");
      schema.field("score_key", &Params::score_key)
          .doc("Key of the score, from 0 (dissimilar) to 1 (similar); 1 where it is absent.");
      schema.field("subgroup_key", &Params::subgroup_key)
          .doc(
              "Key of the subgroup; pairs of other subgroups are known to be dissimilar. Integers stay what "
              "they are, words are numbered by name; 0 where it is absent.");
    }
  };

  explicit PairsJsonlDataset(const Params& params)
      : RecordDataset({fields_asked_for(params), params.optional,
                       params.root.empty() ? fs::path(params.file).parent_path().string() : params.root,
                       "pairs_jsonl"}),
        params_(params) {
    std::vector<std::string> subgroups;
    each_json_line(params.file, example(), [&](const JsonLine& line) {
      const auto a = sample_of(line, params.a_key, ":a"), b = sample_of(line, params.b_key, ":b");
      links_.push_back({a, b});
      scores_.push_back(score_of(line));
      const auto subgroup = line.word(params.subgroup_key);
      if (!subgroup) without_subgroup_.push_back(line.number);
      subgroups.push_back(subgroup.value_or("0"));
    });
    if (links_.empty())
      throw Error("pairs_jsonl: " + params.file + " has no line; expected pairs such as " + example());
    rows_by_object_.clear();
    subgroups_ = numbered_labels(subgroups).labels;
    labels_ = connected_groups(size(), links_);
  }

  const std::vector<int64_t>& labels() const override { return labels_; }
  std::string sample_name(int64_t index) const override { return names_.at(static_cast<size_t>(index)); }
  std::vector<Note> notes() const override {
    std::vector<Note> notes;
    const auto add = [&](const std::vector<int64_t>& lines, const char* lacks) {
      if (lines.empty() || lines.size() == links_.size()) return;
      notes.push_back({"pairs_jsonl: " + params_.file + ": " + std::to_string(lines.size()) + " of " +
                       std::to_string(links_.size()) + " pairs have no " + lacks + " (" +
                       places_text("line", lines) + ")"});
    };
    add(without_score_, "score, which counts as 1");
    add(without_subgroup_, "subgroup, which counts as 0");
    if (auto text = connection_text(labels_, links_, names_); !text.empty())
      notes.push_back({"pairs_jsonl: " + params_.file + ": " + text});
    return notes;
  }
  std::string fingerprint() const override {
    return "pairs_jsonl 1 " + json_text(params_.fields) +
           json_text({params_.object, params_.a_key, params_.b_key}) + "\n" + file_stamp(params_.file) +
           table_.image_stamps();
  }
  PairList pairs() const override {
    PairList list;
    list.rows =
        at::tensor(at::ArrayRef<int64_t>(links_.front().data(), 2 * links_.size()), at::kLong).view({-1, 2});
    list.scores = at::tensor(at::ArrayRef<float>(scores_), at::kFloat);
    list.subgroups = at::tensor(at::ArrayRef<int64_t>(subgroups_), at::kLong);
    return list;
  }

 private:
  static std::vector<Field> fields_asked_for(const Params& params) {
    const bool left_out = params.fields.is_object() && params.fields.empty();
    if (!left_out) return fields_of(params.fields, "pairs_jsonl");
    if (!params.optional.empty())
      throw Error("pairs_jsonl: optional names parts of objects; `fields` has to say which they have");
    return {{"", params.object == "image" ? ObjectKind::image : ObjectKind::text}};
  }
  bool plain() const { return table_.fields().front().name.empty(); }

  std::string example() const {
    const auto object = plain() ? std::string("\"...\"") : "{" + names_of(table_.fields()) + "}";
    return "{\"" + params_.a_key + "\": " + object + ", \"" + params_.b_key + "\": " + object + "}";
  }

  /// The same for objects that are equal; a part that is null is as good as none.
  static std::string identity_of(const json& object) {
    const auto is_null = [](const json& part) { return part.is_null(); };
    if (std::none_of(object.begin(), object.end(), is_null)) return json_text(object);
    auto present = json::object();
    for (const auto& [name, part] : object.items()) {
      if (!part.is_null()) present[name] = part;
    }
    return json_text(present);
  }

  /// The row of the object at `key`, which is new unless an equal one came before.
  int64_t sample_of(const JsonLine& line, const std::string& key, const char* side) {
    const auto object = line.value.find(key);
    if (object == line.value.end()) line.fail("has no \"" + key + "\"; expected a pair such as " + example());
    if (plain() != object->is_string() || !(object->is_string() || object->is_object())) {
      line.fail("\"" + key + "\" is of the type " + std::string(object->type_name()) + ", expected " +
                (plain() ? "a plain text; give `fields` when objects have several parts"
                         : "an object with " + names_of(table_.fields()) + ", as `fields` says"));
    }
    const auto [it, is_new] = rows_by_object_.emplace(identity_of(*object), size());
    if (is_new) {
      table_.add(plain() ? json{{"", *object}} : *object, line, key);
      names_.push_back(fs::path(params_.file).stem().string() + ":" + std::to_string(line.number) + side);
    }
    return it->second;
  }

  float score_of(const JsonLine& line) {
    const auto it = line.value.find(params_.score_key);
    if (it == line.value.end() || it->is_null()) {
      without_score_.push_back(line.number);
      return 1;
    }
    const double score = it->is_number() ? it->get<double>() : -1;
    if (!(score >= 0 && score <= 1)) {
      line.fail(
          "\"" + params_.score_key + "\" is " + json_text(*it).substr(0, 40) +
          ", expected a number from 0 (dissimilar) to 1 (similar); divide by the largest score when the "
          "scale is another");
    }
    return static_cast<float>(score);
  }

  Params params_;
  std::unordered_map<std::string, int64_t>
      rows_by_object_;  ///< by identity_of(); only while the file is read
  std::vector<std::string> names_;
  std::vector<std::array<int64_t, 2>> links_;
  std::vector<float> scores_;
  std::vector<int64_t> subgroups_, labels_;
  std::vector<int64_t> without_score_, without_subgroup_;  // lines
};

}  // namespace
KINDRED_COMPONENT(Dataset, PairsJsonlDataset, "kindred.pairs_jsonl", "1.1.0",
                  "Scored pairs of texts, pictures or records, one per line of JSON");
}  // namespace kindred
