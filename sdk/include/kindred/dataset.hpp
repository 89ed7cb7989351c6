#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>
#include <vector>

namespace kindred {

enum class ObjectKind : uint32_t {
  image = 0,   ///< read() gives uint8 (H, W, 3) RGB; sizes may differ
  vector = 1,  ///< read() gives float32 (D)
};

/// An ordered collection of samples with group labels. Constructing it reads annotations, never objects.
/// All const methods: [thread-safe].
class __attribute__((visibility("default"))) Dataset {
 public:
  static constexpr const char* kKind = "dataset";
  static constexpr uint32_t kRevision = 1;
  virtual ~Dataset() = default;

  virtual ObjectKind object_kind() const = 0;
  virtual int64_t size() const = 0;

  /// One group per sample, 0-based; -1 where unknown. Never decodes an object.
  virtual const std::vector<int64_t>& labels() const = 0;

  /// Names by label, or empty.
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
};

}  // namespace kindred
