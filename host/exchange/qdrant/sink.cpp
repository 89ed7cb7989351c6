#include <ATen/ATen.h>
#include <fmt/format.h>

#include "host/base/interrupt.hpp"
#include "host/base/text_forms/number_text.hpp"
#include "host/exchange/item_lines.hpp"
#include "host/exchange/qdrant/qdrant.hpp"
#include "host/exchange/qdrant/server.hpp"
#include "kindred/error.hpp"
#include "kindred/io/json_text.hpp"
#include "kindred/io/utf8.hpp"
#include "kindred/params.hpp"

namespace kindred::host {
using nlohmann::json;
namespace {

struct QdrantParams {
  bool replace = false;
  int64_t timeout = 60;
  static void describe(Schema<QdrantParams>& schema) {
    schema.field("replace", &QdrantParams::replace).doc("a collection of this name is deleted");
    schema.field("timeout", &QdrantParams::timeout).doc("of a request").unit("seconds").range(1, 3600);
  }
};

// A request stays far below the 32 MiB that the server takes.
constexpr int kPointsAtOnce = 128;
constexpr size_t kMostBodyBytes = 5'000'000;
constexpr const char* kBodyBegin = "{\"points\":[";
constexpr const char* kBodyEnd = "]}";

const char* qdrant_distance(Distance distance) {
  switch (distance.kind) {
    case Distance::cosine:
      return "Cosine";
    case Distance::euclidean:
    case Distance::squared_euclidean:
      return "Euclid";
    case Distance::dot:
      return "Dot";
    case Distance::manhattan:
      return "Manhattan";
    default:
      break;
  }
  throw Error(fmt::format("Qdrant has no distance {}; it has cosine, euclidean, dot and manhattan",
                          distance_title(distance)));
}

std::string point_text(int64_t number, const float* row, int64_t dimension, const Item& item) {
  return fmt::format("{{\"id\":{},\"vector\":{},\"payload\":{}}}", number, number_list(row, dimension),
                     json_text(item_json(item)));
}

class QdrantSink final : public ItemSink {
 public:
  QdrantSink(const ExchangeRequest& request, const ExchangeHead& head, const QdrantParams& params)
      : head_(head), server_(request.place, request.name, params.timeout, *request.context) {
    const auto* distance = qdrant_distance(head.space.distance);
    if (server_.find()) {
      if (!params.replace) {
        throw Error(
            server_.title() +
            " is there already; give another --name, or say --format-params '{\"replace\": true}' to delete "
            "what is in it");
      }
      server_.call("DELETE", "", "");
    }
    server_.call("PUT", "",
                 json_text({{"vectors", {{"size", head.space.dimension}, {"distance", distance}}}}));
  }

  void append(const ExchangeBatch& batch) override {
    if (!batch.rows.isfinite().all().item<bool>())
      throw Error("a row has numbers that are not finite, which JSON cannot hold");
    const auto* rows = batch.rows.data_ptr<float>();
    for (size_t i = 0; i < batch.items.size(); ++i) {
      const auto dimension = head_.space.dimension;
      const auto point =
          point_text(sent_ + pending_, rows + static_cast<int64_t>(i) * dimension, dimension, batch.items[i]);
      const bool is_full = pending_ == kPointsAtOnce || body_.size() + point.size() > kMostBodyBytes;
      if (pending_ > 0 && is_full) send(false);
      body_ += (pending_ == 0 ? kBodyBegin : ",") + point;
      ++pending_;
    }
  }

  Exported finish() override {
    send(true);  // the last ones always wait for it
    saying_what_is_there([&] { check_count(); });
    return {{server_.title()}, advice(note())};
  }

 private:
  template <class Action>
  void saying_what_is_there(const Action& action) const {
    const auto left = fmt::format(
        "{} of {} items are in {}, which is not whole; export again with --format-params "
        "'{{\"replace\": true}}'",
        sent_, head_.items, server_.title());
    try {
      action();
    } catch (const Error& error) {
      throw Error(std::string(error.what()) + ". " + left);
    } catch (const Interrupted& interrupted) {
      throw Interrupted(std::string(interrupted.what()) + "; " + left);
    }
  }

  void send(bool is_last) {
    body_ += kBodyEnd;
    saying_what_is_there(
        [&] { server_.call("PUT", is_last ? "/points?wait=true" : "/points?wait=false", body_); });
    sent_ += pending_;
    pending_ = 0;
    body_.clear();
  }

  void check_count() {
    const auto count = server_.call("POST", "/points/count", "{\"exact\":true}");
    const auto found = count.is_object() ? count.value("count", json()) : json();
    if (found != sent_) {
      throw Error(fmt::format("{} says that it has {} points, and {} were sent", server_.title(),
                              json_text(found).substr(0, 40), sent_));
    }
  }

  /// Says in the collection what its rows are. Returns false where the server does not keep that.
  bool note() {
    const auto head = head_json(head_);
    try {
      server_.call("PATCH", "", json_text({{"metadata", head}}));
    } catch (const Error&) {
      return false;
    }
    const auto found = server_.find().value_or(json());
    const json::json_pointer place("/config/metadata");
    return found.is_object() && found.contains(place) && is_head(found[place]);
  }

  std::string advice(bool is_noted) const {
    const auto search = fmt::format(
        "search it by: POST {}/points/query {{\"query\": [...], \"limit\": 10, \"with_payload\": true}}",
        shown(server_.url()));
    if (is_noted) return search;
    return search +
           "\nThis server keeps no metadata of a collection, so it does not say by which model and distance "
           "the rows "
           "are; give --model when they are imported.";
  }

  const ExchangeHead head_;
  QdrantServer server_;
  std::string body_;
  int64_t sent_ = 0, pending_ = 0;
};

}  // namespace

std::unique_ptr<ItemSink> qdrant_sink(const ExchangeRequest& request, const ExchangeHead& head) {
  const auto params = Schema<QdrantParams>::get().parse(json_text(request.params));
  return std::make_unique<QdrantSink>(request, head, params);
}

}  // namespace kindred::host
