#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>
#include <vector>

namespace kindred {

enum class ObjectKind : uint32_t {
  image = 0,   ///< read() gives uint8 (H, W, 3) RGB; sizes may differ
  vector = 1,  ///< read() gives float32 (D)
  text = 2,    ///< read() gives uint8 (L): the bytes of UTF-8 text, L may be 0
};

/// "image", "vector", "text".
const char* object_kind_name(ObjectKind kind);

/// One part of samples that are records: a description beside a picture.
struct Field {
  std::string name;
  ObjectKind kind = ObjectKind::image;
};

/// Pairs of a dataset's samples with scores, for losses over pairs. Tensors on the CPU.
struct PairList {
  at::Tensor rows;       ///< int64 (P, 2): samples; one may be in many pairs
  at::Tensor scores;     ///< float32 (P) from 0 (dissimilar) to 1 (similar)
  at::Tensor subgroups;  ///< int64 (P): samples of pairs in other subgroups are known to be dissimilar
  bool defined() const { return rows.defined(); }
};

/// Where an object lies, so that equal ones can be found without reading them all.
struct StoredObject {
  std::string file;    ///< its path; "" where it is not part of a file
  int64_t offset = 0;  ///< of its first byte in the file
  int64_t bytes = -1;  ///< how many it has; -1: to the end of the file
  std::string part;    ///< what of these bytes read() gives, such as a box; "": everything
  bool known() const { return !file.empty() || !part.empty(); }
};

/// What a sample is for when retrieval is measured.
enum class Role : uint8_t { both = 0, query = 1, gallery = 2 };

/// What a person has to know of a dataset before it is used: rows without a label, boxes that were clipped.
struct Note {
  std::string text;  ///< one line; names the file, counts, and shows some of what it counts
  /// Samples that the files name are missing or have no label: "data.on_error": "fail" refuses the dataset.
  bool loses_samples = false;
};

/// An ordered collection of samples. Constructing it reads annotations, never objects. What the samples of
/// one group have in common is said by labels(), or by pairs(). All const methods: [thread-safe].
class __attribute__((visibility("default"))) Dataset {
 public:
  static constexpr const char* kKind = "dataset";
  static constexpr uint32_t kRevision = 3;
  virtual ~Dataset() = default;

  /// Says what kind of object read() gives.
  virtual ObjectKind object_kind() const = 0;
  virtual int64_t size() const = 0;

  /// One group per sample, 0-based; -1 where unknown. Never decodes an object. With pairs(): samples that a
  /// chain of pairs connects have one label, so that a split by label tears no pair apart.
  virtual const std::vector<int64_t>& labels() const = 0;

  /// Returns the names of the classes by label, or an empty list.
  virtual std::vector<std::string> class_names() const { return {}; }

  /// Reads one object, 0 <= index < size(). Throws Error when it cannot be read (the host then skips or
  /// fails as the pipeline says).
  virtual at::Tensor read(int64_t index) const = 0;

  /// What identifies a sample to a person: a path relative to the root, or "#12".
  virtual std::string sample_name(int64_t index) const = 0;

  /// All rows (N, D), possibly memory-mapped, float16/32/64. A dataset of vectors must have it: it is where D
  /// comes from. Undefined for pictures.
  virtual at::Tensor matrix() const { return {}; }

  /// Text that changes whenever an object, its order or the way it is read may have changed: paths,
  /// sizes and times of files, the parameters that matter (the host does not add them). It becomes part of
  /// the key of cached embeddings.
  virtual std::string fingerprint() const = 0;

  /// The parts of a sample, at least one. Encoders name the field that they read; one that names none reads
  /// the first.
  virtual std::vector<Field> fields() const { return {{"", object_kind()}}; }

  /// read() and matrix() of one field; the first is what read() and matrix() give.
  virtual at::Tensor read_field(int64_t index, size_t field) const;
  virtual at::Tensor field_matrix(size_t field) const;

  /// Defined for a dataset of pairs. Its samples are the distinct objects in them.
  virtual PairList pairs() const { return {}; }

  /// One per sample, or none: every sample is query and candidate. Training uses samples of every role.
  virtual std::vector<Role> roles() const { return {}; }

  /// What was found while the dataset was made, and is no error; what reading finds comes behind it. The host
  /// says each once, as a warning: when the dataset was made, and what is new when all was read.
  virtual std::vector<Note> notes() const { return {}; }

  /// Where the object of a field lies. Two objects whose bytes and `part` are equal must be equal. Not known
  /// by default: then the host asks read_field() for texts and vectors, and looks for equal pictures only
  /// where the pipeline has it do something about them.
  virtual StoredObject stored(int64_t index, size_t field) const {
    (void)index, (void)field;
    return {};
  }
};

}  // namespace kindred
