#include "host/serve/served_model.hpp"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include "host/base/text.hpp"
#include "host/inference/model_card.hpp"
#include "host/loader/plugin_error.hpp"
#include "kindred/error.hpp"

namespace kindred::host {
namespace {

ObjectKind kind_of(const InferenceModel& model) { return model.fields().front().kind; }

const char* kind_name(ObjectKind kind) {
  return kind == ObjectKind::image ? "image" : kind == ObjectKind::text ? "text" : "vector";
}

const char* kind_name(RequestObject::Kind kind) {
  switch (kind) {
    case RequestObject::Kind::image:
      return "image";
    case RequestObject::Kind::text:
      return "text";
    case RequestObject::Kind::vector:
      return "vector";
    case RequestObject::Kind::id:
      break;
  }
  return "id";
}

const InferenceModel& checked(const InferenceModel& model) {
  if (model.fields().size() == 1) return model;
  throw Error(
      "the model reads records of several fields, which cannot be served yet; host embed --data embeds them");
}

}  // namespace

ServedModel::ServedModel(InferenceModel model, const Catalog& catalog, std::string fingerprint,
                         const QueueOptions& options, std::function<void(const BatchFigures&)> figures)
    : model_(std::move(model)),
      decoders_(kind_of(checked(model_)) == ObjectKind::image ? Decoders(catalog) : Decoders()),
      card_(model_card(model_.manifest())),
      fingerprint_(std::move(fingerprint)),
      queue_(model_, decoders_, options, std::move(figures)) {}

std::string ServedModel::reads() const { return kind_name(kind_of(model_)); }

QueuedInput ServedModel::input_of(const RequestObject& object, int64_t place, const SeePicture& see) const {
  switch (object.kind) {
    case RequestObject::Kind::text:
      return {Input::text(object.content)};
    case RequestObject::Kind::vector:
      return {Input::vector(object.numbers)};
    case RequestObject::Kind::id:
      break;
    case RequestObject::Kind::image: {
      const auto picture = decoders_.decode(object.content, object.name);
      if (see) see(place, picture);
      const auto pixels = model_.transformed(picture).contiguous();
      const auto height = pixels.size(0), width = pixels.size(1);
      return {Input::image(pixels.data_ptr<uint8_t>(), height, width), height * width};
    }
  }
  throw Error(object.name + " is an id, which is no input of a model");
}

void ServedModel::encode(const std::vector<RequestObject>& objects, const RequestPtr& request,
                         EncodeQueue::Done done, bool and_mirror, const SeePicture& see) {
  for (const auto& object : objects) {
    if (kind_name(object.kind) != reads())
      throw RequestError(400, fmt::format("{} is of the kind {}, and the model \"{}\" reads {}s", object.name,
                                          kind_name(object.kind), name(), reads()));
  }
  std::vector<QueuedInput> inputs;
  std::vector<InputError> errors;
  auto places = std::make_shared<std::vector<int64_t>>();
  for (size_t i = 0; i < objects.size(); ++i) {
    if (request && request->is_gone) return;
    try {
      inputs.push_back(input_of(objects[i], static_cast<int64_t>(i), see));
      inputs.back().and_mirror = and_mirror;
      places->push_back(static_cast<int64_t>(i));
    } catch (const PluginError&) {
      throw;  // a component broke its contract, which is no fault of the picture
    } catch (const std::exception& error) {
      errors.push_back({i, without_trace(error.what())});
    }
  }
  const auto count = static_cast<int64_t>(objects.size());
  // What could not be decoded stands between the others again.
  const auto join = [places, errors, count, dimension = dimension(), names = objects.size(),
                     done = std::move(done)](EncodedInputs encoded, const std::string& failure) {
    if (errors.empty() || !failure.empty()) return done(std::move(encoded), failure);
    EncodedInputs all{at::full({count, dimension}, std::numeric_limits<float>::quiet_NaN()), errors};
    if (!places->empty()) all.rows.index_copy_(0, at::tensor(*places, at::kLong), encoded.rows);
    for (const auto& error : encoded.errors)
      all.errors.push_back({static_cast<size_t>((*places)[error.index]), error.message});
    std::sort(all.errors.begin(), all.errors.end(),
              [](const InputError& a, const InputError& b) { return a.index < b.index; });
    done(std::move(all), "");
  };
  if (!queue_.push(std::move(inputs), request, join))
    throw RequestError(429,
                       fmt::format("{} inputs wait to be encoded; try again in a moment", queue_.waiting()));
}

}  // namespace kindred::host
