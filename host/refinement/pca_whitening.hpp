#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <string>

namespace kindred::host {

/// PCA-whitening (Jegou and Chum 2012, "Negative evidences and co-occurences in image retrieval", section 4):
/// the first d principal directions of training rows, each divided by its deviation, so that directions in
/// which all embeddings vary together do not rule the similarity:
///   y = diag(l_1 .. l_d)^(-1/2) P^T (x / |x| - mean), brought to length 1,
/// where l and P are the largest eigenvalues and their eigenvectors of the covariance of the training rows of
/// length 1. Whitened rows are compared by the cosine. Nothing of it comes from labels.
class PcaWhitening {
 public:
  /// Learns from rows (N, D), numbers on any device. Takes D^2 numbers of memory and O(N D^2 + D^3)
  /// operations, in float64. Throws Error when `dimension` is more than D, or than the directions in which
  /// the rows vary, which are at most N - 1.
  static PcaWhitening learn(const at::Tensor& rows, int64_t dimension);

  /// The same of `count` rows of `width` numbers, of which `rows` gives those from `begin` up to `end`, each
  /// twice: so that they need not be in memory together.
  using GiveRows = std::function<at::Tensor(int64_t begin, int64_t end)>;
  static PcaWhitening learn(int64_t count, int64_t width, const GiveRows& rows, int64_t dimension);

  /// rows (N, D), numbers on any device -> float32 (N, d) of length 1 there. It costs N D d operations.
  at::Tensor apply(const at::Tensor& rows) const;

  int64_t input_dimension() const { return mean_.size(0); }  ///< D
  int64_t dimension() const { return projection_.size(0); }  ///< d

  /// Writes whitening_mean.npy, float32 (D), and whitening_projection.npy, float32 (d, D), into a folder that
  /// is there, each whole or not at all. Throws Error.
  void save(const std::string& folder) const;

  /// Reads what save() wrote; the files may be damaged. Throws Error that names the one which does not fit.
  static PcaWhitening load(const std::string& folder);

 private:
  PcaWhitening(at::Tensor mean, at::Tensor projection);

  at::Tensor mean_, projection_;  // float32 (D) and (d, D) on the CPU
};

}  // namespace kindred::host
