#pragma once

#include <memory>
#include <string>
#include <vector>

#include "host/distributed/communicator.hpp"
#include "host/model/model.hpp"
#include "host/options/model_options.hpp"
#include "kindred/module.hpp"

namespace kindred::host {

class SumByCommunicator;

/// Where several processes share a batch, the batch norms of what they train divide by the statistics of the
/// whole batch, as those of one process do, if their component is able to (see SharesStatistics).
class BatchStatistics {
 public:
  /// `encoders`: what the pipeline says of those of the model. `in_parts`: a process computes its samples in
  /// parts (train.gradient_cache), of which others may have another number, so that norms divide by each
  /// part. A process alone changes nothing. Everything given by reference must outlive it. Throws
  /// PluginError.
  BatchStatistics(const Model& model, const std::vector<EncoderSpec>& encoders, Communicator& communicator,
                  bool in_parts);
  BatchStatistics(const BatchStatistics&) = delete;
  BatchStatistics& operator=(const BatchStatistics&) = delete;
  ~BatchStatistics();

  /// Has to be called before each forward pass, with the number of samples that this process has of the
  /// batch. A process without samples computes nothing, so that norms of the others cannot wait for it and
  /// divide by what they see.
  void begin_batch(int64_t samples);
  /// From now on norms divide by what they see.
  void end() { share(false); }

  /// Throws what went wrong while statistics were added up, if anything did: a component that called for it
  /// is not to blame.
  void rethrow_failure() const;

  /// Says in sentences by what the norms divide; empty where there are none.
  std::string description() const;

 private:
  /// Notes a component with norms.
  void add(Module& module, const std::string& id);
  void share(bool on);

  Communicator& communicator_;
  const std::shared_ptr<SumByCommunicator> sum_;
  const bool in_parts_;
  bool shares_ = false;  ///< now
  std::vector<SharesStatistics*> sharing_;
  std::vector<std::string> sharing_ids_, other_ids_, frozen_ids_;
};

}  // namespace kindred::host
