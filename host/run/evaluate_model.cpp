#include "host/run/evaluate_model.hpp"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <memory>
#include <vector>

#include "host/contracts/contracts.hpp"
#include "host/data/class_split.hpp"
#include "host/data/dataset_notes.hpp"
#include "host/data/skip_log.hpp"
#include "host/data/views.hpp"
#include "host/evaluation/comparison.hpp"
#include "host/evaluation/measure.hpp"
#include "host/inference/inference_model.hpp"
#include "host/model/device.hpp"
#include "host/report/tables.hpp"
#include "host/run/components.hpp"
#include "host/run/doubts.hpp"
#include "host/run/duplicates.hpp"
#include "host/run/make_model.hpp"
#include "host/run/refined_measure.hpp"

namespace kindred::host {
namespace {
using nlohmann::json;

/// Rows of the test classes and their embeddings by one model.
struct TestSide {
  std::vector<SampleIndex> rows;
  at::Tensor embeddings;
};

class ModelEvaluation {
 public:
  ModelEvaluation(const Pipeline& pipeline, const Catalog& catalog, const std::string& model_folder,
                  const Refinements& refinements, Context& context)
      : pipeline_(pipeline),
        catalog_(catalog),
        refinements_(refinements),
        context_(context),
        device_(device_from_name(pipeline.device)),
        options_{pipeline.cache.batch_size, pipeline.loading.threads},
        parts_(make_components(catalog, pipeline)),
        dataset_(create_under_contract<Dataset>(catalog, *pipeline.dataset.info, pipeline.dataset.params)),
        model_(InferenceModel::load(model_folder, catalog, device_, options_)),
        skips_(pipeline.loading, dataset_->size(), context) {}

  json metrics() {
    at::NoGradGuard no_grad;
    const auto said = say_notes(*dataset_, pipeline_.loading.on_error, context_);
    require_fold(pipeline_.split);
    auto split = split_classes(*dataset_, pipeline_.split);
    if (pipeline_.loading.duplicates != DuplicateUse::warn) {  // what a run warned of changes nothing here
      json said;
      use_duplicates(*dataset_, {pipeline_.file, pipeline_.loading, pipeline_.cache}, split, said, context_);
    }
    const auto& test = split.test;
    const bool tells = doubt_test_side(*dataset_, test, pipeline_, context_);
    const auto tuned = encode(test, model_, true);
    const auto base = pipeline_.evaluation.baseline ? measured(base_side(test)) : Measured{};
    const auto found = measured(tuned);
    const auto refined = refinements_.any() ? measured_refined(tuned, split.train) : RefinedMeasure{};
    say_notes_of_reading(*dataset_, said, context_);
    json out = {{"metrics", {{"base", base.values()}, {"tuned", found.values()}}},
                {"metric_details", {{"base", base.details()}, {"tuned", found.details()}}}};
    if (refinements_.any()) {
      out["metrics"]["refined"] = refined.values.values();
      out["metric_details"]["refined"] = refined.values.details();
      out["refinement"] = refined.costs;
    }
    if (pipeline_.evaluation.baseline) {
      const auto compared = compare(base, found, pipeline_.evaluation);
      out["comparison"] = comparison_json(compared);
      if (tells) doubt_tuned(compared, context_);
    }
    if (pipeline_.evaluation.per_class) out["per_class"] = per_class_table(base, found, *dataset_);
    return out;
  }

 private:
  TestSide encode(std::vector<SampleIndex> rows, const InferenceModel& model, bool with_heads) {
    TestSide side;
    side.embeddings = mean_over_views(pipeline_.evaluation.test_views, [&](int64_t view) {
      std::vector<SkippedSample> skipped;
      InferenceModel::Pass pass;
      pass.mirror = view == kMirrorView;
      pass.heads = with_heads;
      const auto embeddings = model.encode(*dataset_, rows, pass, skipped, context_);
      skips_.note(skipped);
      check_finite(embeddings, *dataset_, rows);
      return embeddings;
    });
    side.rows = std::move(rows);
    return side;
  }

  /// Embeds the test classes with the pipeline's encoders alone, before any training.
  TestSide base_side(const std::vector<SampleIndex>& test) {
    auto model = make_model(catalog_, pipeline_, *dataset_);
    move_to(encoder_tensors(model), device_);
    return encode(test, InferenceModel(std::move(model), parts_.transforms.plain, device_, options_), false);
  }

  Measured measured(const TestSide& side) {
    const auto task = measured_task(*dataset_, side.rows, parts_.eval_sampler.get(), pipeline_.evaluation);
    return measure(side.embeddings, task, parts_.metrics, pipeline_.evaluation, context_);
  }

  /// Whitening learns from training samples alone.
  RefinedMeasure measured_refined(const TestSide& tuned, const std::vector<SampleIndex>& train) {
    const auto training = refinements_.whiten > 0 ? encode(train, model_, true).embeddings : at::Tensor();
    const auto task = measured_task(*dataset_, tuned.rows, parts_.eval_sampler.get(), pipeline_.evaluation);
    return measure_refined(tuned.embeddings, training, task, parts_.metrics, refinements_,
                           pipeline_.evaluation, context_);
  }

  const Pipeline& pipeline_;
  const Catalog& catalog_;
  const Refinements& refinements_;
  Context& context_;
  const at::Device device_;
  const InferenceModel::Options options_;
  Components parts_;
  std::shared_ptr<Dataset> dataset_;
  InferenceModel model_;
  SkipLog skips_;
};

}  // namespace

json evaluate_model(const Pipeline& pipeline, const Catalog& catalog, const std::string& model_folder,
                    const Refinements& refinements, Context& context) {
  return ModelEvaluation(pipeline, catalog, model_folder, refinements, context).metrics();
}

}  // namespace kindred::host
