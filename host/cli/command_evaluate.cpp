#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <iostream>

#include "host/cli/command_line.hpp"
#include "host/cli/engine_command_lines.hpp"
#include "host/engine/checked_pipeline.hpp"
#include "host/engine/class_split.hpp"
#include "host/engine/components.hpp"
#include "host/engine/contracts.hpp"
#include "host/engine/device.hpp"
#include "host/engine/encode.hpp"
#include "host/engine/make_model.hpp"
#include "host/engine/measure.hpp"
#include "host/engine/servable.hpp"
#include "host/engine/skip_log.hpp"
#include "host/engine/views.hpp"
#include "host/pipeline/validator.hpp"
#include "host/support/exit_code.hpp"
#include "host/support/log.hpp"
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
  Evaluation(const Pipeline& pipeline, const Catalog& catalog, const std::string& model_folder, bool quiet)
      : pipeline_(pipeline),
        catalog_(catalog),
        quiet_(quiet),
        device_(device_from_name(pipeline.root.device)),
        parts_(make_components(catalog, pipeline)),
        dataset_(create_under_contract<Dataset>(catalog, *pipeline.dataset.info, pipeline.dataset.params)),
        servable_(load_servable(model_folder, catalog, device_)),
        skips_(pipeline.data, dataset_->size()) {}

  json metrics() {
    at::NoGradGuard no_grad;
    const auto test = split_classes(dataset_->labels(), pipeline_).test;
    choose_fields(servable_.model, *dataset_);
    const auto tuned = encode(test, servable_.model, servable_.transforms, true);
    const auto base = pipeline_.evaluate.baseline ? measured(base_side(test)) : Measured{};
    const auto found = measured(tuned);
    json out = {{"metrics", {{"base", base.values}, {"tuned", found.values}}},
                {"metric_details", {{"base", base.details}, {"tuned", found.details}}}};
    if (pipeline_.evaluate.per_class) out["per_class"] = per_class_table(base, found, *dataset_);
    return out;
  }

 private:
  TestSide encode(std::vector<int64_t> rows, const Model& model,
                  const std::vector<std::shared_ptr<Transform>>& transforms, bool with_heads) {
    TestSide side;
    side.embeddings = mean_over_views(pipeline_.evaluate.test_views, [&](int64_t view) {
      EncodeRowsOptions options{device_, pipeline_.cache.batch_size, pipeline_.data.threads, quiet_, false};
      options.mirror = view == kMirrorView;
      std::vector<SkippedSample> skipped;
      auto embeddings = encode_rows(*dataset_, rows, transforms, model, options, skipped);
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
    return encode(test, model, parts_.transforms, false);
  }

  Measured measured(const TestSide& side) {
    const auto task = measured_task(*dataset_, side.rows, parts_.eval_sampler.get(), pipeline_);
    return measure(side.embeddings, task, parts_.metrics, pipeline_);
  }

  const Pipeline& pipeline_;
  const Catalog& catalog_;
  const bool quiet_;
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
      Evaluation(pipeline, catalog, command.get<std::string>("model"), command.quiet()).metrics();
  if (command.has("output")) write_file_atomically(command.get<std::string>("output"), result.dump(2) + "\n");
  if (command.json())
    std::cout << result.dump(2) << "\n";
  else
    std::cout << metrics_table(result["metrics"]);
  return kExitOk;
}

}  // namespace kindred::host
