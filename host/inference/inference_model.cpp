#include "host/inference/inference_model.hpp"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>

#include "host/base/processors.hpp"
#include "host/data/batches_of.hpp"
#include "host/data/field_dataset.hpp"
#include "host/data/views.hpp"
#include "host/model/encode.hpp"
#include "host/model/servable.hpp"
#include "kindred/error.hpp"

namespace kindred::host {
namespace {

std::vector<ReadField> fields_of(const Model& model) {
  std::vector<ReadField> fields;
  for (const auto& part : model.encoders) {
    ReadField field{part.field_name, part.object_kind, 0, part.name};
    // An encoder of its input's dimension gives as many numbers as it gets.
    if (field.kind == ObjectKind::vector && part.encoder->dimension() == 0) field.length = part.dimension;
    fields.push_back(std::move(field));
  }
  return fields;
}

/// No more threads are useful than there are samples.
int64_t useful_threads(int64_t asked, size_t samples) {
  const auto threads = asked > 0 ? asked : usable_processors();
  return std::clamp<int64_t>(threads, 1, std::max<int64_t>(1, static_cast<int64_t>(samples)));
}

}  // namespace

InferenceModel::InferenceModel(Model model, TransformList transforms, at::Device device, Options options)
    : model_(std::move(model)),
      transforms_(std::move(transforms)),
      device_(device),
      options_(std::move(options)),
      fields_(fields_of(model_)) {
  if (!options_.network) options_.network = std::make_shared<Turns>();
  options_.network->run([this] { prepare_for_inference(model_); });
}

InferenceModel InferenceModel::load(const std::string& folder, const Catalog& catalog, at::Device device,
                                    Options options) {
  if (!options.network) options.network = std::make_shared<Turns>();
  Servable servable;
  options.network->run([&] { servable = load_servable(model_folder(folder), catalog, device); });
  InferenceModel loaded(std::move(servable.model), std::move(servable.transforms), device,
                        std::move(options));
  loaded.manifest_ = std::move(servable.manifest);
  return loaded;
}

bool InferenceModel::lacks_length() const {
  return std::any_of(model_.encoders.begin(), model_.encoders.end(),
                     [](const EncoderPart& one) { return one.dimension == 0; });
}

bool InferenceModel::reads_pictures() const {
  return std::any_of(fields_.begin(), fields_.end(),
                     [](const ReadField& field) { return field.kind == ObjectKind::image; });
}

at::Tensor InferenceModel::encode(const Dataset& dataset, std::vector<SampleIndex>& rows, const Pass& pass,
                                  std::vector<SkippedSample>& skipped, Context& context) const {
  if (!pass.and_mirror) return encode_one_view(dataset, rows, pass, skipped, context);
  const auto asked = rows;
  return mean_over_views({kPlainView, kMirrorView}, [&](int64_t view) {
    auto one = pass;
    one.mirror = view == kMirrorView;
    if (!one.mirror) return encode_one_view(dataset, rows, one, skipped, context);
    auto again = asked;  // so that its batches are the same
    std::vector<SkippedSample> known;
    auto mirrored = encode_one_view(dataset, again, one, known, context);
    if (again != rows) throw Error("a picture changed or vanished while it was embedded; try again");
    return mirrored;
  });
}

at::Tensor InferenceModel::encode_one_view(const Dataset& dataset, std::vector<SampleIndex>& rows,
                                           const Pass& pass, std::vector<SkippedSample>& skipped,
                                           Context& context) const {
  at::NoGradGuard no_grad;
  const auto fields = fields_read(model_, dataset);
  EncodeRowsOptions options{device_};
  options.batch_size = options_.batch_size;
  options.threads = useful_threads(options_.threads, rows.size());
  options.mirror = pass.mirror;
  options.transformed = pass.transformed;
  options.sizes_may_differ = true;
  options.network = options_.network.get();
  const auto asked = rows;
  const auto embeddings =
      join_embeddings(model_.encoders.size(), rows, [&](size_t i, std::vector<SampleIndex>& left) {
        const auto field = field_dataset(dataset, fields[i]);
        return encode_rows(*field, left, transforms_, model_.encoders[i], options, skipped, context);
      });
  at::Tensor out;
  options_.network->run([&] {
    at::NoGradGuard no_grad_there;  // it is of a thread
    if (pass.heads && pass.heads_by_batch)
      out = heads_by_batch(embeddings, asked, rows);
    else
      out = pass.heads ? model_.apply_heads(embeddings) : model_.base(embeddings);
  });
  return out;
}

at::Tensor InferenceModel::transformed(at::Tensor picture) const {
  return host::transformed(transforms_, std::move(picture));
}

/// `given`: those of `asked` that there are embeddings of, in the same order.
at::Tensor InferenceModel::heads_by_batch(const at::Tensor& embeddings, const std::vector<SampleIndex>& asked,
                                          const std::vector<SampleIndex>& given) const {
  std::vector<at::Tensor> parts;
  size_t end = 0;
  for (const auto& batch : batches_of(asked, 0, options_.batch_size)) {
    const auto begin = end;
    for (const auto sample : batch) {
      if (end < given.size() && given[end] == sample) ++end;
    }
    if (end == begin) continue;
    parts.push_back(
        model_.apply_heads(embeddings.slice(0, static_cast<int64_t>(begin), static_cast<int64_t>(end))));
  }
  return parts.empty() ? model_.apply_heads(embeddings) : at::cat(parts);
}

at::Tensor InferenceModel::encode_batch(size_t field, const Batch& batch) const {
  at::Tensor out;
  options_.network->run([&] {
    at::NoGradGuard no_grad;  // it is of a thread
    out = model_.encoders[field].infer(batch);
  });
  return out;
}

at::Tensor InferenceModel::encode_vectors(const at::Tensor& vectors) const {
  const Batch batch{vectors.to(device_)};
  at::Tensor out;
  options_.network->run([&] {
    at::NoGradGuard no_grad;
    out = model_.apply_heads(model_.encoders.front().infer(batch));
  });
  return out;
}

}  // namespace kindred::host
