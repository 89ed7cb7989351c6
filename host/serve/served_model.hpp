#pragma once

#include <memory>
#include <string>
#include <vector>

#include "host/data/decoders.hpp"
#include "host/data/seen_dataset.hpp"
#include "host/inference/inference_model.hpp"
#include "host/serve/encode_queue.hpp"
#include "host/serve/request_objects.hpp"
#include "kindred/inference.hpp"

namespace kindred::host {

/// A model that is served: objects of requests become embeddings, in batches with those of other requests.
/// [thread-safe]
class ServedModel {
 public:
  /// `model` is on its device. Throws Error where it reads records of several fields.
  ServedModel(InferenceModel model, const Catalog& catalog, std::string fingerprint,
              const QueueOptions& options, std::function<void(const BatchFigures&)> figures);

  /// Decodes and transforms the pictures of `objects`, which are no ids, on this thread, and queues all of
  /// them. `done` gets a row and perhaps an error for each. Throws RequestError: an object is of another kind
  /// than the model reads, or too much waits (429). `and_mirror`: see QueuedInput. `see` gets each picture as
  /// it was decoded, by its place among `objects`, before this returns; null: nobody does. What it throws is
  /// an error of that object.
  void encode(const std::vector<RequestObject>& objects, const RequestPtr& request, EncodeQueue::Done done,
              bool and_mirror = false, const SeePicture& see = nullptr);

  const std::string& name() const { return card_.name; }
  const std::string& fingerprint() const { return fingerprint_; }
  int64_t dimension() const { return model_.dimension(); }
  const ModelCard& card() const { return card_; }
  /// "image", "text" or "vector": what it reads.
  std::string reads() const;
  int64_t waiting() const { return queue_.waiting(); }
  /// Encodes nothing any more, and waits for what is under way.
  void stop() { queue_.stop(); }

 private:
  QueuedInput input_of(const RequestObject& object, int64_t place, const SeePicture& see) const;

  const InferenceModel model_;
  Decoders decoders_;
  const ModelCard card_;
  const std::string fingerprint_;
  EncodeQueue queue_;
};

}  // namespace kindred::host
