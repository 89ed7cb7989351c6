#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

/// Parameters of a component, declared once:
///
///   struct Params {
///     double margin = 0.2;                       // the default lives here and only here
///     enum class Mining { all, hard } mining = Mining::hard;
///     static void describe(kindred::Schema<Params>& schema) {
///       schema.field("margin", &Params::margin).doc("Gap between the two distances.").range(0, 10);
///       schema.field("mining", &Params::mining).doc("Which triplets count.").one_of({"all", "hard"});
///     }
///   };
///
/// From it follow parsing, defaults, range checks, `host describe` and the pipeline's JSON Schema.
/// Member types: bool, int64_t, double, std::string, std::vector of the last three, an enum whose values
/// start at 0 and whose names one_of() lists in their order, and nlohmann::json (include
/// <nlohmann/json.hpp>) for a value that the component reads itself. A member may be one of a base class.
namespace kindred {

/// One problem in a parameter object. `pointer` is a JSON pointer inside that object ("/margin").
struct ParamIssue {
  std::string pointer;
  std::string message;
};

/// A file of weights that somebody published.
struct PublishedWeights {
  std::string name;  ///< such as "resnet50"; no '/' and no '.'
  std::string when;  ///< the parameters that it fits, as JSON text: {"variant": "resnet50"}
  std::string url;   ///< its last part is the file's name
  std::string
      sha256;        ///< of the file, in hexadecimal: 64 digits, or the first of them where no more is known
  double mebibytes;  ///< its size, as published; 0 where it is not known
  std::string licence;  ///< SPDX identifier
  std::string source;   ///< who trained it on what
};

/// The declaration of one parameter, as text that the host reads (it crosses the boundary as JSON).
class FieldSpec {
 public:
  FieldSpec& doc(std::string_view text);
  /// The bounds are inclusive; for arrays they hold for every element.
  FieldSpec& range(double low, double high) { return minimum(low).maximum(high); }
  FieldSpec& minimum(double low);
  FieldSpec& maximum(double high);
  /// The strings that are allowed. For a member that is an enum: the names of its values, in their order.
  FieldSpec& one_of(const std::vector<std::string>& values);
  /// Says whether a member nlohmann::json must be an "array" or an "object".
  FieldSpec& type(std::string_view json_type);
  /// The unit, such as "px" or "seconds", is for messages and docs only.
  FieldSpec& unit(std::string_view text);
  /// The key must be given.
  FieldSpec& required();
  /// A value as JSON text, such as "[\"red\", \"green\"]", for the example of `host describe`. Throws
  /// nlohmann::json::exception when it is no JSON.
  FieldSpec& example(std::string_view json);
  /// A file or folder. The host resolves it against the pipeline file's folder before `create`.
  FieldSpec& path();
  /// A file with initial weights. Not needed once the component's tensors are stored, so a servable
  /// drops it: an empty string must construct the component with fresh weights.
  FieldSpec& initial_weights();
  /// Files that are published for a parameter that is initial_weights(): a pipeline may give one of their
  /// names in place of a path, `host weights` lists and fetches them, and a frozen component that one fits is
  /// not left without weights unless the pipeline says "random".
  FieldSpec& published(const std::vector<PublishedWeights>& files);
  /// What pictures must go through for initial_weights(), as JSON text of a pipeline's data.transforms: a
  /// pipeline that gives weights and no transforms gets these, one that normalises otherwise is warned of.
  /// `when` is JSON text of an object with the parameters that they hold for, "{}" for all; where it has a
  /// list for one, any of its values will do. May repeat. Of a folder that is a resource() `transforms` may
  /// be the text "\"preprocessor_config.json\"": the host then reads from it what Hugging Face or timm wrote
  /// there.
  FieldSpec& expects(std::string_view when, std::string_view transforms);
  /// A file, or a folder, that the component needs whenever it is constructed; copied into the servable. Of a
  /// folder files with weights are left out (the tensors are stored by themselves), so that the component
  /// must be constructed without them.
  FieldSpec& resource();

 private:
  friend class FieldList;
  explicit FieldSpec(nlohmann::json& schema) : schema_(&schema) {}
  nlohmann::json* schema_;  ///< of the FieldList that made it
};

/// Checks `value` (one JSON object) against `schema`, the object that Schema::to_json() returns: unknown
/// keys (with a suggestion), types, ranges, enumerations, required keys. Collects every problem.
std::vector<ParamIssue> check_params(const nlohmann::json& schema, const nlohmann::json& value);

/// Parses JSON text that must hold one object. Throws Error.
nlohmann::json parse_params_text(std::string_view text);

/// Throws Error with one sentence per issue when there are any.
void throw_on_issues(const std::vector<ParamIssue>& issues);

/// The closest of `candidates` to `word` by edit distance, or "" when none is close.
std::string closest_name(std::string_view word, const std::vector<std::string>& candidates);

/// What Schema<Params> does whatever Params is, so that no plugin compiles it again. Members are named by
/// their offset in bytes from the start of the object.
class FieldList {
 public:
  FieldList();
  ~FieldList();
  FieldList(const FieldList&) = delete;
  FieldList& operator=(const FieldList&) = delete;

  FieldSpec add(const char* name, size_t offset, const bool& default_value);
  FieldSpec add(const char* name, size_t offset, const int64_t& default_value);
  FieldSpec add(const char* name, size_t offset, const double& default_value);
  FieldSpec add(const char* name, size_t offset, const std::string& default_value);
  FieldSpec add(const char* name, size_t offset, const std::vector<int64_t>& default_value);
  FieldSpec add(const char* name, size_t offset, const std::vector<double>& default_value);
  FieldSpec add(const char* name, size_t offset, const std::vector<std::string>& default_value);
  FieldSpec add(const char* name, size_t offset, const nlohmann::json& default_value);
  /// A member that is an enum of the size of an int; one_of() must follow.
  FieldSpec add_choice(const char* name, size_t offset, int default_value);
  /// No conversions: a member of another type would be written as one of these.
  template <class T>
  FieldSpec add(const char* name, size_t offset, const T& default_value) = delete;

  nlohmann::json to_json() const;
  std::string text() const;  ///< to_json(), dumped
  void parse(std::string_view text, void* params) const;
  void read(const nlohmann::json& object, void* params, std::vector<ParamIssue>& issues) const;

 private:
  struct Field;
  template <class T>
  FieldSpec add_field(const char* name, size_t offset, const T& default_value);
  std::vector<std::unique_ptr<Field>> fields_;
};

template <class Params>
class Schema {
 public:
  /// The schema of Params, built on first use. [thread-safe]
  static const Schema& get() {
    static const Schema schema;
    return schema;
  }

  /// Declares a parameter; call from Params::describe only. The default is the member's value in Params{}.
  template <class T, class Owner>
  FieldSpec field(const char* name, T Owner::*member) {
    static_assert(std::is_base_of_v<Owner, Params>, "a member of Params or of its base");
    const T& value = defaults_.*member;
    const auto difference = reinterpret_cast<const char*>(&value) - reinterpret_cast<const char*>(&defaults_);
    const auto offset = static_cast<size_t>(difference);
    if constexpr (std::is_enum_v<T>) {
      static_assert(sizeof(T) == sizeof(int), "an enum without another underlying type");
      return fields_.add_choice(name, offset, static_cast<int>(value));
    } else {
      return fields_.add(name, offset, value);
    }
  }

  /// {"type":"object","properties":{name:{type,default,description,...}},"required":[...],
  ///  "additionalProperties":false}
  /// A template, so that only who calls it needs <nlohmann/json.hpp>.
  template <class Fields = FieldList>
  auto to_json() const {
    return static_cast<const Fields&>(fields_).to_json();
  }
  std::string text() const { return fields_.text(); }

  /// Parses and checks; keys that are absent keep their default. Throws Error naming every problem.
  Params parse(std::string_view text) const {
    Params params{};
    fields_.parse(text, &params);
    return params;
  }

  /// Checks `object` and appends what is wrong to `issues`; keys that are in order are read, the others
  /// keep their default, so that a caller can go on and collect more.
  Params read(const nlohmann::json& object, std::vector<ParamIssue>& issues) const {
    Params params{};
    fields_.read(object, &params, issues);
    return params;
  }

 private:
  Schema() { Params::describe(*this); }
  const Params defaults_{};
  FieldList fields_;
};

/// A component without parameters has these.
struct NoParams {
  static void describe(Schema<NoParams>&) {}
};

}  // namespace kindred
