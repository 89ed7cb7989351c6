#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <iostream>

#include "host/base/exit_code.hpp"
#include "host/cli/command_line.hpp"
#include "host/cli/engine_command_lines.hpp"
#include "host/contracts/contracts.hpp"
#include "host/data/class_split.hpp"
#include "host/data/skip_log.hpp"
#include "host/data/views.hpp"
#include "host/evaluation/measure.hpp"
#include "host/model/device.hpp"
#include "host/model/encode.hpp"
#include "host/model/servable.hpp"
#include "host/pipeline/validator.hpp"
#include "host/report/tables.hpp"
#include "host/run/checked_pipeline.hpp"
#include "host/run/components.hpp"
#include "host/run/make_model.hpp"
#include "kindred/file.hpp"

namespace kindred::host {
using nlohmann::json;
namespace {

/// Rows of the test classes and their embeddings by one model.
struct TestSide {
  std::vector<int64_t> rows;
  at::Tensor embeddings;
};

class Evaluation {
 public:
  Evaluation(const Pipeline& pipeline, const Catalog& catalog, const std::string& model_folder,
             Context& context)
      : pipeline_(pipeline),
        catalog_(catalog),
        context_(context),
        device_(device_from_name(pipeline.device)),
        parts_(make_components(catalog, pipeline)),
        dataset_(create_under_contract<Dataset>(catalog, *pipeline.dataset.info, pipeline.dataset.params)),
        servable_(load_servable(model_folder, catalog, device_)),
        skips_(pipeline.loading, dataset_->size(), context) {}

  json metrics() {
    at::NoGradGuard no_grad;
    const auto test = split_classes(dataset_->labels(), pipeline_.split).test;
    choose_fields(servable_.model, *dataset_);
    const auto tuned = encode(test, servable_.model, servable_.transforms, true);
    const auto base = pipeline_.evaluation.baseline ? measured(base_side(test)) : Measured{};
    const auto found = measured(tuned);
    json out = {{"metrics", {{"base", base.values()}, {"tuned", found.values()}}},
                {"metric_details", {{"base", base.details()}, {"tuned", found.details()}}}};
    if (pipeline_.evaluation.per_class) out["per_class"] = per_class_table(base, found, *dataset_);
    return out;
  }

 private:
  TestSide encode(std::vector<int64_t> rows, const Model& model, const TransformList& transforms,
                  bool with_heads) {
    TestSide side;
    side.embeddings = mean_over_views(pipeline_.evaluation.test_views, [&](int64_t view) {
      EncodeRowsOptions options{device_, pipeline_.cache.batch_size, pipeline_.loading.threads, false};
      options.mirror = view == kMirrorView;
      std::vector<SkippedSample> skipped;
      auto embeddings = encode_rows(*dataset_, rows, transforms, model, options, skipped, context_);
      embeddings = with_heads ? model.apply_heads(embeddings) : model.base(embeddings);
      skips_.note(skipped);
      check_finite(embeddings, *dataset_, rows);
      return embeddings;
    });
    side.rows = std::move(rows);
    return side;
  }

  /// The pipeline's encoders alone, before any training.
  TestSide base_side(const std::vector<int64_t>& test) {
    auto model = make_model(catalog_, pipeline_, dataset_.get(), true);
    move_to(encoder_tensors(model), device_);
    return encode(test, model, parts_.transforms.plain, false);
  }

  Measured measured(const TestSide& side) {
    const auto task = measured_task(*dataset_, side.rows, parts_.eval_sampler.get(), pipeline_.evaluation);
    return measure(side.embeddings, task, parts_.metrics, pipeline_.evaluation, context_);
  }

  const Pipeline& pipeline_;
  const Catalog& catalog_;
  Context& context_;
  const at::Device device_;
  Components parts_;
  std::shared_ptr<Dataset> dataset_;
  Servable servable_;
  SkipLog skips_;
};

}  // namespace

int command_evaluate(const std::vector<std::string>& arguments) {
  auto command = evaluate_command_line();
  if (!command.parse(arguments)) return kExitOk;
  if (!command.has("model")) throw UsageError("--model DIR is missing; it is the folder model/ of a run");

  const auto document = read_document(command.list("PIPELINE").front(), command.list("set"));
  const auto catalog = load_catalog(command, plugin_folders(document));
  const auto pipeline = checked_pipeline(document, catalog);
  const auto result =
      Evaluation(pipeline, catalog, command.get<std::string>("model"), command.context()).metrics();
  if (command.has("output")) write_file_atomically(command.get<std::string>("output"), result.dump(2) + "\n");
  if (command.json())
    std::cout << result.dump(2) << "\n";
  else
    std::cout << metrics_table(result["metrics"]);
  return kExitOk;
}

}  // namespace kindred::host
