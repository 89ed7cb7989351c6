#include "host/inference/encode_inputs.hpp"

#include <ATen/ATen.h>

#include <cmath>
#include <limits>

#include "host/base/text.hpp"
#include "host/inference/input_samples.hpp"

namespace kindred::host {
namespace {

/// Embeddings of some samples, and what was wrong with the others.
class InputEncoder {
 public:
  InputEncoder(const InferenceModel& model, const InputSamples& samples, const InferenceModel::Pass& pass)
      : model_(model),
        samples_(samples),
        pass_(pass),
        rows_(at::full({samples.size(), model.dimension()}, std::numeric_limits<float>::quiet_NaN(),
                       at::kFloat)),
        messages_(static_cast<size_t>(samples.size())) {}

  /// An encoder or head that fails on a batch may have failed because of one object in it.
  void encode_all(const std::vector<SampleIndex>& samples) {
    try {
      return encode(samples);
    } catch (const std::exception& error) {
      if (samples.size() == 1) {
        fail(samples.front(), without_trace(error.what()));
        return;
      }
    }
    for (const auto sample : samples) encode_all({sample});
  }

  EncodedInputs take() {
    EncodedInputs out;
    out.rows = std::move(rows_);
    for (size_t i = 0; i < messages_.size(); ++i) {
      if (!messages_[i].empty()) out.errors.push_back({i, std::move(messages_[i])});
    }
    return out;
  }

 private:
  void fail(SampleIndex sample, const std::string& message) {
    messages_[static_cast<size_t>(sample)] = message.empty() ? "it failed without a message" : message;
  }

  void encode(const std::vector<SampleIndex>& samples) {
    auto readable = samples;
    std::vector<SkippedSample> skipped;
    Context silent;
    const auto rows = model_.encode(samples_, readable, pass_, skipped, silent).cpu();
    for (const auto& one : skipped) fail(one.index, one.message);
    const auto finite = rows.isfinite().all(1).contiguous();
    for (size_t i = 0; i < readable.size(); ++i) {
      if (finite.data_ptr<bool>()[i]) {
        rows_[to_int(readable[i])].copy_(rows[static_cast<int64_t>(i)]);
      } else {
        fail(readable[i], "its embedding holds numbers that are not finite");
      }
    }
  }

  const InferenceModel& model_;
  const InputSamples& samples_;
  const InferenceModel::Pass pass_;
  at::Tensor rows_;
  std::vector<std::string> messages_;  ///< by sample; "": none
};

}  // namespace

EncodedInputs encode_inputs(const InferenceModel& model, const Decoders& decoders,
                            const std::vector<Input>& inputs, const InferenceModel::Pass& pass) {
  const InputSamples samples(inputs, model.fields(), decoders);
  InputEncoder encoder(model, samples, pass);
  if (!inputs.empty()) encoder.encode_all(all_samples(samples.size()));
  return encoder.take();
}

}  // namespace kindred::host
