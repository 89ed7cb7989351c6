#include "host/run/run_material.hpp"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include "host/base/issue.hpp"
#include "host/contracts/contracts.hpp"
#include "host/data/dataset_notes.hpp"
#include "host/data/views.hpp"
#include "host/loader/catalog.hpp"
#include "host/run/check_data.hpp"
#include "host/run/check_losses.hpp"
#include "host/run/check_model.hpp"
#include "host/run/doubts.hpp"
#include "host/run/duplicates.hpp"
#include "host/run/make_model.hpp"
#include "host/run/trained_stages.hpp"
#include "host/run/vector_lengths.hpp"
#include "host/training_data/make_training_data.hpp"
#include "kindred/error.hpp"

namespace kindred::host {
namespace {

void check_test_views(const Pipeline& pipeline, const Model& model) {
  bool images = false;
  for (const auto& part : model.encoders) images = images || part.object_kind == ObjectKind::image;
  for (const auto view : pipeline.evaluation.test_views) {
    if (view == kPlainView || images) continue;
    throw PipelineError({{pipeline.file, "/evaluate/test_views",
                          "only pictures have a mirror image, and no encoder reads any; take [\"plain\"]"}});
  }
}

/// Divides the dataset. Throws PipelineError with all that is wrong with the data, and then with the model
/// too, before anything is encoded.
ClassSplit checked_split(const Pipeline& pipeline, const Catalog& catalog, const Dataset& dataset,
                         Context& context) {
  auto found = check_data(catalog, pipeline, dataset);
  for (const auto& text : found.warnings) context.warning(text);
  if (found.issues.empty() && found.failures.empty()) return std::move(found.split);
  if (found.issues.empty() && found.failures.size() == 1) throw found.failures.front();
  for (const auto& error : found.failures) found.issues.push_back(issue_of(pipeline, error));
  const auto more = model_issues(catalog, pipeline, &dataset);
  found.issues.insert(found.issues.end(), more.begin(), more.end());
  throw PipelineError(found.issues);
}

/// A number that differs where values or their order do. It may wrap.
int64_t sum_in_order(const at::Tensor& values) {
  const auto places = at::arange(values.numel(), at::kLong) * 2 + 1;
  return ((values + 1) * places).sum().item<int64_t>();
}

}  // namespace

void RunMaterial::keep_readable() {
  for (auto* samples : {&split.train, &split.validation, &split.test}) skips->remove_from(*samples);
}

void prepare_data(RunMaterial& material, const Pipeline& pipeline, const Catalog& catalog, Context& context) {
  material.dataset = create_under_contract<Dataset>(catalog, *pipeline.dataset.info, pipeline.dataset.params);
  const auto& dataset = *material.dataset;
  material.notes_said = say_notes(dataset, pipeline.loading.on_error, context);
  material.skips = std::make_unique<SkipLog>(pipeline.loading, dataset.size(), context);
  require_fold(pipeline.split);
  material.split = checked_split(pipeline, catalog, dataset, context);
  use_duplicates(dataset, {pipeline.file, pipeline.loading, pipeline.cache, "; result.json names them"},
                 material.split, material.duplicates, context);
  const auto& split = material.split;
  context.info(fmt::format(
      "data: {} samples; train {} ({} classes), validation {} ({} classes){}, test {} ({} classes)",
      dataset.size(), split.train.size(), count_groups(dataset.labels(), split.train),
      split.validation.size(), count_groups(dataset.labels(), split.validation),
      split.validation_is_test ? " = test" : "", split.test.size(),
      count_groups(dataset.labels(), split.test)));
  if (split.validation_is_test) {
    context.warning(
        "validation is the test classes: early stopping sees what is measured at the end, so the "
        "result is optimistic");
  }
  doubt_training_side(dataset, split, pipeline, context);
  doubt_test_side(dataset, split.test, pipeline, context);
}

void prepare_model(RunMaterial& material, const Pipeline& pipeline, const Catalog& catalog, at::Device device,
                   Context& context) {
  auto& model = material.model;
  model = make_model(catalog, pipeline, *material.dataset);
  for (size_t i = 0; i < model.encoders.size(); ++i) {
    auto& part = model.encoders[i];
    for (const auto& note : part.encoder->notes()) context.info(note);
    part.training_dtype = training_dtype(pipeline.encoders[i], pipeline, *part.encoder, device);
    part.gradient_checkpointing = pipeline.encoders[i].options.gradient_checkpointing;
  }
  check_test_views(pipeline, model);
  if (const auto issues = matryoshka_issues(pipeline, model); !issues.empty()) throw PipelineError(issues);
  require_usual_lengths(*material.dataset, model, pipeline.has_train && pipeline.training.epochs > 0);
  move_to(encoder_tensors(model), device);
  move_to(head_tensors(model), device);
  context.info(fmt::format("{}", model_summary(model)));
}

FeatureStore& prepare_encoding(RunMaterial& material, const Pipeline& pipeline, at::Device device,
                               Context& context) {
  material.encoding = {pipeline.seed,
                       pipeline.loading.threads,
                       pipeline.cache,
                       pipeline.dataset,
                       pipeline.transforms,
                       pipeline.train_transforms,
                       pipeline.evaluation.test_views};
  material.encoded =
      std::make_unique<FeatureStore>(material.encoding, pipeline.encoders, material.components.transforms,
                                     material.model, *material.dataset, device, *material.skips, context);
  return *material.encoded;
}

std::optional<FeatureStore::Timings> encode_data(RunMaterial& material, const Pipeline& pipeline,
                                                 at::Device device, Context& context) {
  return prepare_encoding(material, pipeline, device, context).extract(material.split);
}

void require_same_data(const RunMaterial& material, Communicator& communicator) {
  if (communicator.size() == 1) return;
  const auto& split = material.split;
  const auto labels = labels_of(material.dataset->labels(), all_samples(material.dataset->size()));
  std::vector<int64_t> numbers = {labels.numel()};
  for (const auto* samples : {&split.train, &split.validation, &split.test}) {
    numbers.push_back(static_cast<int64_t>(samples->size()));
  }
  const auto counts = static_cast<int64_t>(numbers.size());
  numbers.push_back(sum_in_order(labels));
  for (const auto* samples : {&split.train, &split.validation, &split.test}) {
    numbers.push_back(sum_in_order(tensor_of(*samples)));
  }
  const auto all = communicator.all_gather(at::tensor(numbers, at::kLong).unsqueeze(0));
  const auto number = [&](int64_t rank, int64_t place) { return all[rank][place].item<int64_t>(); };
  for (int64_t rank = 1; rank < all.size(0); ++rank) {
    if (at::equal(all[rank], all[0])) continue;
    const bool same_counts = at::equal(all[rank].slice(0, 0, counts), all[0].slice(0, 0, counts));
    throw Error(fmt::format(
        "rank {} sees other data than rank 0: {} samples, {} for training, {} for validation and {} for "
        "testing, where "
        "rank 0 has {}, {}, {} and {}{}; give all machines the same files, which all of them can read",
        rank, number(rank, 0), number(rank, 1), number(rank, 2), number(rank, 3), number(0, 0), number(0, 1),
        number(0, 2), number(0, 3), same_counts ? ", but others of them, or with other labels" : ""));
  }
}

void prepare_training_data(RunMaterial& material, const Pipeline& pipeline, at::Device device,
                           Communicator& communicator, Context& context) {
  material.keep_readable();
  require_same_data(material, communicator);
  material.data = make_training_data(
      *material.encoded, *material.dataset, material.split, material.model, material.components.transforms,
      {pipeline.seed, pipeline.loading.threads, pipeline.cache.batch_size, pipeline.cache.views}, device,
      *material.skips, context);
  material.data->share_with(communicator);
}

}  // namespace kindred::host
