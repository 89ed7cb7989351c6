#include <ATen/ATen.h>
#include <dlfcn.h>

#include <filesystem>
#include <mutex>

#include "host/base/text.hpp"
#include "host/contracts/contracts.hpp"
#include "host/inference/encode_inputs.hpp"
#include "host/inference/model_card.hpp"
#include "host/loader/catalog.hpp"
#include "host/loader/named_plugins.hpp"
#include "host/model/device.hpp"
#include "kindred/error.hpp"
#include "kindred/inference.hpp"

namespace kindred {
namespace {
namespace fs = std::filesystem;

/// Lets nothing but Error out.
template <class Call>
auto as_error(Call&& call) -> decltype(call()) {
  try {
    return call();
  } catch (const Error&) {
    throw;
  } catch (const std::exception& error) {
    throw Error(host::without_trace(error.what()));
  } catch (...) {
    throw Error("an exception that is not a std::exception, of unknown origin");
  }
}

/// The plugins that are installed with this library.
std::string own_plugins() {
  Dl_info info{};
  if (dladdr(reinterpret_cast<const void*>(&own_plugins), &info) == 0 || info.dli_fname == nullptr) return "";
  std::error_code failed;
  const auto library = fs::canonical(info.dli_fname, failed);
  return failed ? "" : (library.parent_path() / KINDRED_PLUGINS_BESIDE).string();
}

/// What a model that lacks a component may owe to plugins that were found and refused.
std::string refused_plugins(const host::Catalog& catalog) {
  std::string text;
  for (const auto& one : catalog.rejected())
    text += (text.empty() ? "; refused were " : ", ") + one.file + " (" + one.code + " " + one.message + ")";
  return text;
}

host::InferenceModel open_model(const std::string& folder, const host::Catalog& catalog,
                                const InferenceOptions& options) {
  try {
    return host::InferenceModel::load(folder, catalog, host::device_from_name(options.device),
                                      {options.batch_size, options.threads});
  } catch (const host::PluginError& error) {
    if (error.phase() != "find") throw;
    throw Error(std::string(error.what()) + ", KINDRED_PLUGIN_PATH or InferenceOptions::plugin_folders" +
                refused_plugins(catalog));
  }
}

}  // namespace

struct __attribute__((visibility("hidden"))) SimilarityModel::Impl {
  host::InferenceModel model;
  host::Decoders decoders;
  ModelCard card;
  std::vector<ModelField> fields;
};

SimilarityModel::SimilarityModel(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
SimilarityModel::SimilarityModel(SimilarityModel&&) noexcept = default;
SimilarityModel& SimilarityModel::operator=(SimilarityModel&&) noexcept = default;
SimilarityModel::~SimilarityModel() = default;

SimilarityModel SimilarityModel::load(const std::string& folder, const Options& options) {
  static std::mutex loading;  // plugins are registered by one thread at a time
  const std::lock_guard<std::mutex> one_at_a_time(loading);
  return as_error([&] {
    if (options.batch_size < 1)
      throw Error("batch_size is " + std::to_string(options.batch_size) + "; it must be at least 1");
    if (options.threads < 0) throw Error("threads is negative; 0 takes one per processor");
    const auto catalog =
        host::Catalog::load(host::plugin_search_path_of_library(options.plugin_folders, own_plugins()));
    host::require_named_plugins(catalog, options.plugin_folders);
    auto model = open_model(folder, catalog, options);
    auto card = host::model_card(model.manifest());
    std::vector<ModelField> fields;
    bool images = false;
    for (const auto& one : model.fields()) {
      fields.push_back({one.name, object_kind_name(one.kind), one.length, one.encoder});
      images = images || one.kind == ObjectKind::image;
    }
    auto decoders = images ? host::Decoders(catalog) : host::Decoders();
    return SimilarityModel(std::unique_ptr<Impl>(
        new Impl{std::move(model), std::move(decoders), std::move(card), std::move(fields)}));
  });
}

Embeddings SimilarityModel::encode(const std::vector<Input>& inputs) const {
  return as_error([&] {
    auto encoded = host::encode_inputs(impl_->model, impl_->decoders, inputs);
    Embeddings out;
    out.count = inputs.size();
    out.dimension = static_cast<size_t>(dimension());
    const auto rows = encoded.rows.contiguous();
    out.values.assign(rows.data_ptr<float>(), rows.data_ptr<float>() + rows.numel());
    out.errors = std::move(encoded.errors);
    return out;
  });
}

int64_t SimilarityModel::dimension() const { return impl_->model.dimension(); }
const std::vector<ModelField>& SimilarityModel::fields() const { return impl_->fields; }
const ModelCard& SimilarityModel::card() const { return impl_->card; }

}  // namespace kindred
