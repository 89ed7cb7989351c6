#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace kindred {

/// "3 x 224 x 224"; a size of -1 is "any".
std::string sizes_text(at::IntArrayRef sizes);

/// A network from a file, with one input and one output, which OpenVINO computes on the processor in float32.
/// [one thread at a time; it computes with as many threads as LibTorch has]
class NetworkFile {
 public:
  struct Source {
    std::string module;  ///< an ONNX file, or the .xml of OpenVINO's own format
    std::string bin;     ///< the weights of an .xml; "" for ONNX
    std::string output;  ///< the name of what is computed; "": the only output, or the only one (B, D)
  };
  /// Throws Error that names the file and says what in it cannot be computed.
  explicit NetworkFile(const Source& source);
  ~NetworkFile();

  /// Sizes of the input, the batch first; -1 where any will do.
  const std::vector<int64_t>& input_sizes() const;

  /// How many samples it takes at a time, where the file leaves no choice; else 0.
  int64_t fixed_batch() const;

  /// x: float32 (B, ...) on the CPU, contiguous, with the sizes of the input -> float32 (B, ...). Throws
  /// Error.
  at::Tensor run(const at::Tensor& x);

 private:
  struct Compiled;
  std::unique_ptr<Compiled> compiled_;
};

/// Writes the network of `source` to `xml`, in OpenVINO's own format, and its weights to the file of that
/// name that ends with .bin. Throws Error.
void save_network(const NetworkFile::Source& source, const std::string& xml);

}  // namespace kindred
