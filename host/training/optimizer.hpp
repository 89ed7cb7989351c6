#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "host/options/training_options.hpp"
#include "kindred/module.hpp"

namespace kindred::host {

/// Parameters by role; each role has its own learning rate. Weight decay is for matrices and kernels:
/// norms and biases, which have at most one dimension, get none.
struct ParameterGroups {
  std::vector<NamedTensor> encoder, head, loss;
  /// The learning rate of each tensor is multiplied by its factor; an empty list means 1.
  std::vector<double> encoder_factors{}, head_factors{}, loss_factors{};
};

/// One of LibTorch's optimizers with a learning rate schedule. LibTorch's headers stay in the .cpp.
class Optimizer {
 public:
  Optimizer(const OptimizerOptions& options, const ScheduleOptions& schedule, int64_t epochs,
            double gradient_clip, const ParameterGroups& groups);
  ~Optimizer();

  /// Sets the learning rates of `epoch` (0-based): base rate times schedule_factor().
  void start_epoch(int64_t epoch);
  void zero_gradients();

  /// Square of the norm of all gradients taken as one vector: float64 () on their device, without a look at
  /// it; undefined where no parameter has a gradient.
  at::Tensor squared_gradient_norm() const;

  /// Clips the gradient, whose norm is `norm`, when asked to, then updates. Returns whether the norm is
  /// finite; when it is not, nothing is updated.
  bool step(double norm);

  /// State for resuming: the bytes of a file in LibTorch's archive format, which load() reads.
  std::string saved() const;
  void load(const std::string& path);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Factor on the learning rate in `epoch` of `epochs`: linear warm-up (epoch + 1) / (warmup + 1), then
/// constant, a half cosine down to final_fraction, or gamma^(epoch / step_epochs).
double schedule_factor(const ScheduleOptions& schedule, int64_t epoch, int64_t epochs);

}  // namespace kindred::host
