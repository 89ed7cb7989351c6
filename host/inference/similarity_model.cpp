#include <ATen/ATen.h>

#include <filesystem>
#include <mutex>

#include "host/contracts/contracts.hpp"
#include "host/inference/encode_inputs.hpp"
#include "host/inference/model_card.hpp"
#include "host/loader/as_error.hpp"
#include "host/loader/catalog.hpp"
#include "host/loader/library_plugins.hpp"
#include "host/model/device.hpp"
#include "host/model/model_fingerprint.hpp"
#include "host/model/servable.hpp"
#include "kindred/error.hpp"
#include "kindred/inference.hpp"

namespace kindred {
using host::as_error;
namespace {

host::InferenceModel open_model(const std::string& folder, const host::Catalog& catalog,
                                const InferenceOptions& options) {
  try {
    return host::InferenceModel::load(folder, catalog, host::device_from_name(options.device),
                                      {options.batch_size, options.threads});
  } catch (const host::PluginError& error) {
    if (error.phase() != "find") throw;
    throw Error(std::string(error.what()) + ", KINDRED_PLUGIN_PATH or InferenceOptions::plugin_folders" +
                host::refused_plugins(catalog));
  }
}

}  // namespace

struct __attribute__((visibility("hidden"))) SimilarityModel::Impl {
  host::InferenceModel model;
  host::Decoders decoders;
  ModelCard card;
  std::vector<ModelField> fields;
  std::string folder;  ///< of the servable
};

SimilarityModel::SimilarityModel(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
SimilarityModel::SimilarityModel(SimilarityModel&&) noexcept = default;
SimilarityModel& SimilarityModel::operator=(SimilarityModel&&) noexcept = default;
SimilarityModel::~SimilarityModel() = default;

SimilarityModel SimilarityModel::load(const std::string& folder, const Options& options) {
  static std::mutex loading;  // plugins are registered by one thread of this library at a time
  const std::lock_guard<std::mutex> one_at_a_time(loading);
  return as_error([&] {
    if (options.batch_size < 1)
      throw Error("batch_size is " + std::to_string(options.batch_size) + "; it must be at least 1");
    if (options.threads < 0) throw Error("threads is negative; 0 takes one per processor");
    const auto catalog = host::load_library_plugins(options.plugin_folders, KINDRED_PLUGINS_BESIDE);
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
        new Impl{std::move(model), std::move(decoders), std::move(card), std::move(fields),
                 std::filesystem::absolute(host::model_folder(folder)).string()}));
  });
}

Embeddings SimilarityModel::encode(const std::vector<Input>& inputs, bool and_mirror) const {
  return as_error([&] {
    const bool one_picture = fields().size() == 1 && fields().front().kind == "image";
    if (and_mirror && !one_picture)
      throw Error("mirror images are of pictures, but the model \"" + card().name + "\" reads " +
                  (fields().size() > 1 ? "records" : fields().front().kind + "s"));
    host::InferenceModel::Pass pass;
    pass.and_mirror = and_mirror;
    auto encoded = host::encode_inputs(impl_->model, impl_->decoders, inputs, pass);
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

std::string SimilarityModel::fingerprint() const {
  return as_error([&] { return host::model_fingerprint(impl_->folder); });
}

}  // namespace kindred
