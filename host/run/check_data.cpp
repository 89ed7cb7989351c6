#include "host/run/check_data.hpp"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "host/base/text.hpp"
#include "host/contracts/contracts.hpp"
#include "host/data/dataset_notes.hpp"
#include "host/data/pair_lists.hpp"
#include "host/evaluation/relevance.hpp"
#include "host/loader/catalog.hpp"
#include "host/run/check_losses.hpp"
#include "host/run/check_model.hpp"
#include "kindred/batch_sampler.hpp"
#include "kindred/io/names.hpp"
#include "kindred/loss.hpp"

namespace kindred::host {
using nlohmann::json;
namespace {

constexpr size_t kNamesShown = 5;

const std::set<std::string>& names_of_sides() {
  static const std::set<std::string> names = {"train", "training", "val",     "valid", "validation", "dev",
                                              "eval",  "test",     "testing", "query", "gallery"};
  return names;
}

/// The look at one dataset, step by step.
class Look {
 public:
  Look(const Catalog& catalog, const Pipeline& pipeline, const Dataset& dataset)
      : catalog_(catalog),
        pipeline_(pipeline),
        dataset_(dataset),
        labels_(dataset.labels()),
        pairs_(dataset.pairs()) {}

  DataCheck run() {
    count_classes();
    look_at_names();
    collect([&] { check_losses_take(catalog_, pipeline_, pairs_.defined()); });
    collect([&] {
      found_.split = split_classes(dataset_, pipeline_.split);
      has_split_ = true;
    });
    if (has_split_) look_at_sides();
    return std::move(found_);
  }

 private:
  void issue(const std::string& pointer, const std::string& message) {
    found_.issues.push_back({pipeline_.file, pointer, message});
  }
  template <class Check>
  void collect(Check&& check) {
    try {
      check();
    } catch (const PipelineError& error) {
      found_.issues.insert(found_.issues.end(), error.issues().begin(), error.issues().end());
    } catch (const PluginError& error) {
      add_failure(found_.failures, error);
    }
  }

  void count_classes();
  void look_at_names();
  void look_at_sides();
  void look_at_training();
  void look_at_batches(const at::Tensor& labels, const char* samples);
  void advise(const at::Tensor& labels);
  std::map<int64_t, int64_t> sizes_of(const std::vector<SampleIndex>& rows) const;
  std::string class_name(int64_t label) const;
  void note_side(const char* name, const std::vector<SampleIndex>& rows);

  const Catalog& catalog_;
  const Pipeline& pipeline_;
  const Dataset& dataset_;
  const std::vector<int64_t>& labels_;
  PairList pairs_;
  std::map<int64_t, int64_t> sizes_;  // by class
  bool has_split_ = false, all_alone_ = false;
  DataCheck found_;
};

int64_t count_of_one(const std::map<int64_t, int64_t>& sizes) {
  return std::count_if(sizes.begin(), sizes.end(), [](const auto& one) { return one.second == 1; });
}

std::string Look::class_name(int64_t label) const {
  const auto names = dataset_.class_names();
  const auto at = static_cast<size_t>(label);
  return at < names.size() ? "\"" + names[at] + "\"" : std::to_string(label);
}

void Look::count_classes() {
  int64_t unlabelled = 0;
  for (const auto label : labels_) {
    if (label >= 0)
      ++sizes_[label];
    else
      ++unlabelled;
  }
  auto& out = found_.summary;
  out = {{"samples", dataset_.size()}, {"classes", sizes_.size()}, {"without_label", unlabelled}};
  if (sizes_.empty()) return;
  const auto by_size = [](const auto& a, const auto& b) { return a.second < b.second; };
  const auto [smallest, largest] = std::minmax_element(sizes_.begin(), sizes_.end(), by_size);
  const auto of_one = count_of_one(sizes_);
  out["smallest_class"] = smallest->second;
  out["largest_class"] = largest->second;
  out["classes_of_one"] = of_one;
  if (pairs_.defined()) {
    out["pairs"] = pairs_.rows.size(0);
    return;
  }
  all_alone_ = sizes_.size() > 1 && largest->second == 1;
  if (all_alone_) {
    issue("/data/dataset",
          fmt::format("each of the {} samples has a label of its own, so that no sample is relevant to "
                      "another one and there is nothing to measure or to pull together; take the labels from "
                      "what samples have in common, such as the product or the person, and not from what "
                      "names each of them",
                      sizes_.size()));
  } else if (of_one > 0) {
    std::vector<std::string> names;
    for (const auto& [label, size] : sizes_) {
      if (size == 1 && names.size() < kNamesShown) names.push_back(class_name(label));
    }
    const auto more = of_one - static_cast<int64_t>(names.size());
    found_.warnings.push_back(fmt::format(
        "{} of {} classes have a single sample ({}{}): as queries they find nothing and are left out of the "
        "retrieval metrics, and in training they form no positive pair",
        of_one, sizes_.size(), joined(names), more > 0 ? fmt::format(" and {} more", more) : ""));
  }
}

void Look::look_at_names() {
  const auto names = dataset_.class_names();
  if (names.size() < 2 || names.size() > kNamesShown) return;
  const auto is_side = [](const std::string& name) { return names_of_sides().count(plain_name(name)) > 0; };
  if (!std::all_of(names.begin(), names.end(), is_side)) return;
  found_.warnings.push_back(fmt::format(
      "the classes of {} are called {}, which are sides of a split and not classes; name the folder below "
      "which the classes lie (such as .../{}) and let data.split divide its classes, or list the samples in "
      "a table with a column for the split and choose with \"splits\"",
      pipeline_.dataset.info->id, joined(names), names.back()));
}

std::map<int64_t, int64_t> Look::sizes_of(const std::vector<SampleIndex>& rows) const {
  std::map<int64_t, int64_t> sizes;
  for (const auto row : rows) ++sizes[labels_[static_cast<size_t>(row)]];
  return sizes;
}

void Look::note_side(const char* name, const std::vector<SampleIndex>& rows) {
  const auto sizes = sizes_of(rows);
  found_.summary[name] = {
      {"samples", rows.size()}, {"classes", sizes.size()}, {"classes_of_one", count_of_one(sizes)}};
}

void Look::look_at_sides() {
  note_side("train", found_.split.train);
  note_side("validation", found_.split.validation);
  note_side("test", found_.split.test);
  if (!pairs_.defined() && !all_alone_) {
    const auto task = retrieval_task(dataset_, found_.split.test, nullptr, 0, false);
    const Relevance relevance(task);
    const auto queries = query_rows(task);
    const auto* row = queries.data_ptr<int64_t>();
    const bool any =
        std::any_of(row, row + queries.numel(), [&](int64_t one) { return relevance.count(one) > 0; });
    if (!any) {
      issue("/data/split",
            fmt::format("none of the {} test samples, of {} classes, has another sample of its class that it "
                        "could find, so that no retrieval metric is defined; take other test classes, or "
                        "labels that several samples share",
                        found_.split.test.size(), sizes_of(found_.split.test).size()));
    }
  }
  if (pipeline_.has_train && pipeline_.training.epochs > 0) look_at_training();
}

void Look::look_at_training() {
  if (pairs_.defined()) {
    const auto pairs = pairs_within(pairs_, found_.split.train);
    if (pairs.rows.size(0) == 0) {
      issue("/data/split", "no pair has both of its objects on the training side; train on more classes");
      return;
    }
    found_.summary["train"]["pairs"] = pairs.rows.size(0);
    look_at_batches(PairBatches(pairs, labels_of(labels_, found_.split.train)).labels(), "pairs");
    return;
  }
  const auto sizes = sizes_of(found_.split.train);
  if (!all_alone_ && count_of_one(sizes) == static_cast<int64_t>(sizes.size())) {
    for (const auto& spec : pipeline_.training.losses) {
      collect([&] {
        if (spec.info == nullptr) return;
        const auto loss = create_under_contract<Loss>(catalog_, *spec.info, spec.params, {8, 2, 0});
        if (loss->traits().class_proxies) return;
        issue(spec.pointer,
              fmt::format("{} compares samples of one class, but each of the {} training classes has a "
                          "single one; train on classes with several samples, or take a loss with class "
                          "proxies",
                          spec.info->id, sizes.size()));
      });
    }
  }
  if (!all_alone_) look_at_batches(labels_of(labels_, found_.split.train), "samples");
}

/// Makes the batches of the first epoch, which are only numbers of rows.
void Look::look_at_batches(const at::Tensor& labels, const char* samples) {
  const auto& spec = pipeline_.training.batch_sampler;
  if (spec.info == nullptr) return;
  collect([&] {
    const auto sampler = create_under_contract<BatchSampler>(catalog_, *spec.info, spec.params);
    int64_t smallest = labels.numel(), largest = 0;
    const auto batches = sampler->batches(labels, pipeline_.seed, 0);
    for (const auto& batch : batches) {
      smallest = std::min(smallest, batch.numel());
      largest = std::max(largest, batch.numel());
    }
    found_.summary["batches"] = {
        {"count", batches.size()}, {"smallest", smallest}, {"largest", largest}, {"of", samples}};
    advise(labels);
  });
}

/// P x K samplers promise what "classes" and "samples" mean (kindred/batch_sampler.hpp).
void Look::advise(const at::Tensor& labels) {
  const auto& spec = pipeline_.training.batch_sampler;
  std::map<int64_t, int64_t> sizes;
  const auto plain = labels.contiguous();
  for (int64_t i = 0; i < plain.numel(); ++i) ++sizes[plain.data_ptr<int64_t>()[i]];
  int64_t largest = 0;
  for (const auto& [label, size] : sizes) largest = std::max(largest, size);
  const auto compare = [&](const char* key, int64_t there, const std::string& what) {
    const auto asked = spec.params.find(key);
    if (asked == spec.params.end() || !asked->is_number_integer() || asked->get<int64_t>() <= there) return;
    found_.batch_advice.push_back(fmt::format("{}/{} asks for {} {}, of which there are {}", spec.pointer,
                                              key, asked->get<int64_t>(), what, there));
  };
  compare("classes", static_cast<int64_t>(sizes.size()), "training classes in a batch");
  compare("samples", largest, "samples of a class in a batch; in the largest training class");
  compare("batch_size", labels.numel(), "samples in a batch, from the training side");
}

}  // namespace

DataCheck check_data(const Catalog& catalog, const Pipeline& pipeline, const Dataset& dataset) {
  return Look(catalog, pipeline, dataset).run();
}

DataCheck check_data_and_model(const Catalog& catalog, const Pipeline& pipeline) {
  DataCheck found;
  if (pipeline.dataset.info == nullptr) return found;
  std::shared_ptr<Dataset> dataset;
  try {
    dataset = create_under_contract<Dataset>(catalog, *pipeline.dataset.info, pipeline.dataset.params);
    found = check_data(catalog, pipeline, *dataset);
    for (const auto& note : dataset->notes()) {
      const auto refusal = refusal_of(note, pipeline.loading.on_error);
      if (!refusal.empty())
        found.issues.push_back({pipeline.file, "/data/dataset", refusal});
      else
        found.warnings.push_back(note.text);
    }
  } catch (const PluginError& error) {
    add_failure(found.failures, error);
  }
  const auto more = model_issues(catalog, pipeline, dataset.get());
  found.issues.insert(found.issues.end(), more.begin(), more.end());
  return found;
}

std::string summary_text(const json& summary) {
  auto text = fmt::format("data: {} samples", summary["samples"].get<int64_t>());
  if (summary.value("without_label", 0) > 0)
    text += fmt::format(" ({} without a label)", summary["without_label"].get<int64_t>());
  if (summary.contains("pairs")) text += fmt::format(" in {} pairs", summary["pairs"].get<int64_t>());
  if (summary.contains("smallest_class")) {
    text += fmt::format(" in {} classes of {} to {}", summary["classes"].get<int64_t>(),
                        summary["smallest_class"].get<int64_t>(), summary["largest_class"].get<int64_t>());
  }
  const char* separator = "; ";
  for (const char* side : {"train", "validation", "test"}) {
    if (!summary.contains(side)) continue;
    text += fmt::format("{}{} {} ({} classes)", separator, side, summary[side]["samples"].get<int64_t>(),
                        summary[side]["classes"].get<int64_t>());
    separator = ", ";
  }
  if (summary.contains("batches")) {
    const auto& batches = summary["batches"];
    text += fmt::format("; {} batches of {} to {} {} in the first epoch", batches["count"].get<int64_t>(),
                        batches["smallest"].get<int64_t>(), batches["largest"].get<int64_t>(),
                        batches["of"].get<std::string>());
  }
  return text;
}

}  // namespace kindred::host
