#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "kindred/error.hpp"

/// A trained model in a program of your own: what `host run` left in a folder becomes embeddings of files,
/// of bytes in memory, of texts, of vectors and of records. Link `Kindred::inference` (find_package(Kindred
/// COMPONENTS inference)), or what `pkg-config kindred-inference` says.
///
/// The header needs the standard library alone. The library needs LibTorch when the program runs, where it
/// was when Kindred was built, and the plugins of the model's components.
namespace kindred {

namespace host {
class InputSamples;
}  // namespace host

/// One object to embed, or one record of several. It owns what it was made of.
class __attribute__((visibility("default"))) Input {
 public:
  /// A file with what the model reads: an encoded picture, a text in UTF-8 (without the line break at its
  /// end), or one vector (.npy).
  static Input file(std::string path);

  /// An encoded picture in memory, such as the body of a request: JPEG, PNG, WebP or whatever else a decoder
  /// among the plugins recognizes. `name` is what messages call it.
  static Input bytes(std::string content, std::string name = "the picture");

  /// A decoded picture: height x width x 3 bytes RGB, row by row. The pointer's bytes are copied.
  static Input image(std::vector<uint8_t> rgb, int64_t height, int64_t width);
  static Input image(const uint8_t* rgb, int64_t height, int64_t width);

  static Input text(std::string utf8);
  static Input vector(std::vector<float> numbers);

  /// A model that reads several fields takes an object for each of SimilarityModel::fields(), by its name.
  /// Fields that the model does not read may be among them and are ignored.
  static Input record(std::vector<std::pair<std::string, Input>> fields);

 private:
  friend class host::InputSamples;
  enum class Form { file, bytes, image, text, vector, record };
  explicit Input(Form form) : form_(form) {}

  Form form_;
  std::string name_;  ///< of bytes; the path of a file
  std::string content_;
  std::vector<uint8_t> pixels_;
  int64_t height_ = 0, width_ = 0;
  std::vector<float> numbers_;
  std::vector<std::pair<std::string, Input>> fields_;
};

/// Why an input has no embedding.
struct InputError {
  size_t index = 0;     ///< of the input
  std::string message;  ///< one sentence or two
};

/// What encode() returns.
struct Embeddings {
  size_t count = 0, dimension = 0;  ///< N and D
  std::vector<float> values;        ///< N x D, row after row in the order of the inputs; failed ones are NaN
  std::vector<InputError> errors;   ///< one per input that failed, in their order

  /// The D numbers of an input.
  const float* row(size_t index) const { return values.data() + index * dimension; }
};

/// One object that the model reads of each input.
struct ModelField {
  std::string name;     ///< "" where the model reads one object and its field has no name
  std::string kind;     ///< "image", "text" or "vector"
  int64_t length = 0;   ///< numbers of a vector; 0: not a vector, or any length
  std::string encoder;  ///< the name of the encoder that reads it
};

/// A component that the model is made of.
struct ModelComponent {
  std::string kind;         ///< "encoder", "transform" or "head"
  std::string id, version;  ///< "kindred.resnet", "1.0.0"
  std::string plugin, plugin_version;
};

/// What the model's folder says of it.
struct ModelCard {
  std::string name;                        ///< of the pipeline
  std::map<std::string, double> metrics;   ///< measured on the test classes: "tuned.r_precision", "base...."
  std::vector<ModelComponent> components;  ///< with the versions that the model was made with
  /// By which distance embeddings are compared ("cosine"): what the model was measured by. Models of earlier
  /// versions do not say it; it is then the cosine, the default of every metric.
  std::string distance;
  /// Embeddings have length 1, so that <x, y> is the cosine of two of them; nothing where this was not seen.
  std::optional<bool> unit_length;
  std::string kindred_version;  ///< of the library that loaded the model
  std::string manifest;         ///< the file model.json
};

struct InferenceOptions {
  /// Folders with plugins that are searched first. After them come those of KINDRED_PLUGIN_PATH and the
  /// plugins that are installed with the library.
  std::vector<std::string> plugin_folders;
  std::string device = "auto";  ///< "auto" (CUDA where there is one), "cpu", "cuda" or "cuda:N"
  int64_t batch_size = 32;      ///< inputs that are encoded at once
  int64_t threads = 0;          ///< that read and decode for one call of encode(); 0: one per processor
};

/// A model that is ready to encode. A moved-from one may only be assigned to or destroyed.
/// [load: thread-safe; const methods: thread-safe. Calls read and decode side by side and take turns in the
/// network, whose components promise to work for one thread at a time.]
class __attribute__((visibility("default"))) SimilarityModel {
 public:
  using Options = InferenceOptions;

  /// Opens the folder `model` that a run leaves, or the run's folder. Throws Error, which says what is
  /// missing or damaged, or which plugin was not found.
  static SimilarityModel load(const std::string& folder, const Options& options = {});

  SimilarityModel(SimilarityModel&&) noexcept;
  SimilarityModel& operator=(SimilarityModel&&) noexcept;
  ~SimilarityModel();

  /// float32 (N, D) in the order of the inputs. An input that cannot be read or encoded has a row of NaN and
  /// an error; the others are not touched by it. Results do not depend on which inputs come together, beyond
  /// 1e-6 of rounding. Throws Error only for what is no input's fault, such as too little memory.
  /// `and_mirror`: rows are the means of what pictures and their mirror images give, in twice the time. It
  /// throws Error where the model reads no picture alone.
  Embeddings encode(const std::vector<Input>& inputs, bool and_mirror = false) const;

  /// Returns D, the length of an embedding.
  int64_t dimension() const;

  /// What each input consists of, in the order of the encoders. A model with one field takes its object as it
  /// is; one with several takes records.
  const std::vector<ModelField>& fields() const;

  const ModelCard& card() const;

  /// Tells the model from others, also where it was moved or renamed: a hash of the components, tensors and
  /// resources that are in its folder now, which are read for it. An index names its model by it. Throws
  /// Error where the folder is gone.
  std::string fingerprint() const;

 private:
  struct Impl;
  explicit SimilarityModel(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace kindred
