#include <ATen/ATen.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "host/base/text.hpp"
#include "host/exchange/item_lines.hpp"
#include "host/exchange/qdrant/qdrant.hpp"
#include "host/exchange/qdrant/server.hpp"
#include "kindred/error.hpp"
#include "kindred/io/json_text.hpp"
#include "kindred/params.hpp"

namespace kindred::host {
using nlohmann::json;
namespace {

struct QdrantImportParams {
  std::string vector;
  int64_t timeout = 60;
  static void describe(Schema<QdrantImportParams>& schema) {
    schema.field("vector", &QdrantImportParams::vector)
        .doc("the name of the vectors, where points have several");
    schema.field("timeout", &QdrantImportParams::timeout).doc("of a request").unit("seconds").range(1, 3600);
  }
};

constexpr int64_t kMostPoints = 256, kPageBytes = int64_t{4} << 20, kBytesPerNumber = 12,
                  kPayloadBytes = 1024;
constexpr int64_t kMostDimension = 65536;  // of Qdrant

/// The value below names, or null.
json inside(const json& value, const char* pointer) {
  const json::json_pointer place(pointer);
  return value.is_object() && value.contains(place) ? value[place] : json();
}

class QdrantSource final : public ItemSource {
 public:
  QdrantSource(const ExchangeRequest& request, const QdrantImportParams& params)
      : server_(request.place, request.name, params.timeout, *request.context) {
    const auto facts = server_.find();
    if (!facts) throw Error(server_.title() + " is not there; --name says which collection is meant");
    const auto space = vectors_of(inside(*facts, "/config/params/vectors"), params.vector);
    if (const auto note = inside(*facts, "/config/metadata"); is_head(note)) {
      head_.space = head_space(note, "the metadata of " + server_.title());
      head_.is_stored_form = true;
    } else {
      head_.space.distance = distance_of(space.value("distance", json()));
    }
    const auto dimension = space.value("size", json());
    if (!dimension.is_number_integer() || dimension < 1 || dimension > kMostDimension)
      throw Error(server_.title() + " says no size of its vectors; is it of Qdrant?");
    if (head_.is_stored_form && dimension != head_.space.dimension) {
      throw Error(fmt::format("the vectors of {} have {} numbers, and its metadata say {}", server_.title(),
                              json_text(dimension), head_.space.dimension));
    }
    head_.space.dimension = dimension;
    const auto count = inside(server_.call("POST", "/points/count", "{\"exact\":true}"), "/count");
    if (!count.is_number_unsigned() || count == 0) throw Error(server_.title() + " holds no points");
    head_.items = count;
    page_ = std::clamp<int64_t>(kPageBytes / (head_.space.dimension * kBytesPerNumber + kPayloadBytes), 1,
                                kMostPoints);
  }

  const ExchangeHead& head() const override { return head_; }

  bool next(ExchangeBatch& batch) override {
    const auto dimension = head_.space.dimension;
    const auto most = rows_per_batch(dimension);
    batch.items.clear();
    std::vector<at::Tensor> parts;
    for (int64_t left = most; left > 0 && !at_end_;) {
      const auto points = next_page(std::min(left, page_));
      auto rows = at::empty({static_cast<int64_t>(points.size()), dimension}, at::kFloat);
      auto* row = rows.data_ptr<float>();
      for (const auto& point : points) {
        batch.items.push_back(item_of(point));
        read_vector(point, row);
        row += dimension;
      }
      left -= static_cast<int64_t>(points.size());
      parts.push_back(rows);
    }
    if (batch.items.empty()) return false;
    batch.rows = at::cat(parts);
    return true;
  }

 private:
  /// What the collection says of the vectors that are taken.
  json vectors_of(const json& vectors, const std::string& asked) {
    if (vectors.is_object() && vectors.contains("size")) {
      if (asked.empty()) return vectors;
      throw Error(server_.title() + " has vectors without names, so \"vector\" cannot name some");
    }
    std::vector<std::string> names;
    if (vectors.is_object()) {
      for (const auto& [name, value] : vectors.items()) names.push_back(name);
    }
    if (names.empty()) throw Error(server_.title() + " has no dense vectors");
    vector_ = asked.empty() && names.size() == 1 ? names.front() : asked;
    if (std::find(names.begin(), names.end(), vector_) == names.end()) {
      throw Error(fmt::format(
          "{} has vectors of several names; say which by --format-params '{{\"vector\": \"...\"}}': "
          "{}",
          server_.title(), joined(names)));
    }
    return vectors[vector_];
  }

  Distance distance_of(const json& name) const {
    if (name == "Cosine") return Distance::cosine;
    if (name == "Euclid") return Distance::euclidean;
    if (name == "Dot") return Distance::dot;
    if (name == "Manhattan") return Distance::manhattan;
    throw Error(fmt::format("{} has the distance {}; expected Cosine, Euclid, Dot or Manhattan",
                            server_.title(), json_text(name).substr(0, 40)));
  }

  /// Where payloads make an answer too large, fewer points are asked for from then on.
  json next_page(int64_t limit) {
    json request = {{"with_payload", true}, {"with_vector", true}};
    if (!vector_.empty()) request["with_vector"] = {vector_};
    if (!offset_.is_null()) request["offset"] = offset_;
    for (;; limit = page_ = limit / 2) {
      if (limit == 0)
        throw Error(fmt::format("a point of {} is larger than {} bytes", server_.title(), kLargestReply));
      request["limit"] = limit;
      auto answer = server_.call_bounded("POST", "/points/scroll", json_text(request));
      if (!answer) continue;
      auto points = inside(*answer, "/points");
      auto offset = inside(*answer, "/next_page_offset");
      at_end_ = offset.is_null();
      if (!points.is_array() || static_cast<int64_t>(points.size()) > limit ||
          (!at_end_ && (points.empty() || offset == offset_)))
        throw Error(server_.title() + " is not listed as Qdrant does it");
      offset_ = std::move(offset);
      return points;
    }
  }

  std::string named(const json& point) const {
    return fmt::format("the point {} of {}", json_text(inside(point, "/id")).substr(0, 80), server_.title());
  }

  Item item_of(const json& point) const {
    const auto id = inside(point, "/id");
    if (!id.is_number_integer() && !id.is_string()) throw Error(named(point) + " has no id");
    json line = json::object();
    if (const auto payload = inside(point, "/payload"); payload.is_object()) {
      for (const auto& [key, value] : payload.items())
        line[key] = value.is_structured() ? json(json_text(value)) : value;
    }
    if (!line.contains("id")) line["id"] = id;
    try {
      return item_from_json(line);
    } catch (const Error& error) {
      throw Error(fmt::format("the payload of {}: {}", named(point), error.what()));
    }
  }

  void read_vector(const json& point, float* row) const {
    const auto found = point.find("vector");
    const json* vector = found == point.end() ? nullptr : &*found;
    if (vector != nullptr && !vector_.empty() && vector->is_object() && vector->contains(vector_))
      vector = &(*vector)[vector_];
    const auto dimension = static_cast<size_t>(head_.space.dimension);
    if (vector == nullptr || !vector->is_array() || vector->size() != dimension)
      throw Error(fmt::format("{} has no vector of {} numbers", named(point), dimension));
    for (const auto& number : *vector) {
      if (!number.is_number()) throw Error(named(point) + " has something else than numbers in its vector");
      *row++ = number.get<float>();
    }
  }

  QdrantServer server_;
  std::string vector_;  ///< the name of the vectors; "": they have none
  ExchangeHead head_;
  int64_t page_ = 1;
  json offset_;
  bool at_end_ = false;
};

}  // namespace

std::unique_ptr<ItemSource> qdrant_source(const ExchangeRequest& request) {
  const auto params = Schema<QdrantImportParams>::get().parse(json_text(request.params));
  return std::make_unique<QdrantSource>(request, params);
}

}  // namespace kindred::host
