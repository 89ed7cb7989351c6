#include "host/serve/api_server.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <chrono>
#include <thread>

#include "host/base/system_info.hpp"
#include "host/serve/access.hpp"
#include "host/serve/request_log.hpp"
#include "host/serve/serve_state.hpp"
#include "kindred/error.hpp"
#include "kindred/io/json_text.hpp"

namespace kindred::host {
using nlohmann::json;
namespace {

constexpr size_t kLaterThreads = 2;
constexpr std::chrono::milliseconds kGlance(100);  // between two looks for an interruption

void declare_figures(ServeFigures& figures) {
  const std::vector<double> seconds = {0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1,
                                       0.25,  0.5,    1,     2.5,  5,     10};
  figures.declare_counter("requests_total", "Requests by route and status.");
  figures.declare_counter("hangups_total", "Requests whose client was gone before the answer.");
  figures.declare_distribution("request_seconds",
                               "From the first byte of a request to the last of its answer.", seconds);
  figures.declare_distribution("queue_seconds", "That the first input of a batch waited.", seconds);
  figures.declare_distribution("encode_seconds", "That a batch took in the model.", seconds);
  figures.declare_distribution("search_seconds", "That a search took in the index.", seconds);
  figures.declare_distribution("batch_inputs", "Inputs of a batch.", {1, 2, 4, 8, 16, 32, 64, 128});
}

/// The threads that continue requests.
class LaterThreads {
 public:
  void run(std::function<void()> work) { boost::asio::post(pool_, std::move(work)); }
  void join() { pool_.join(); }

 private:
  boost::asio::thread_pool pool_{kLaterThreads};
};

/// All that answers requests; the HttpServer calls it.
class Api {
  /// A model with its index. Throws Error where another model made the index.
  struct Side {
    Side(ApiModel what, const Catalog& catalog, const MakeIndex& make_index, const QueueOptions& queue,
         Api& api)
        : model(std::move(what.model), catalog, what.fingerprint, queue,
                [&api](const BatchFigures& batch) { api.note(batch); }),
          index(what.index.empty() ? nullptr : std::make_unique<ServedIndex>(what.index, make_index)),
          side{model, index.get()} {
      if (!index) return;
      const auto now = index->current();
      check_model(what.index, now->folder().space(), model.name(), model.fingerprint());
    }
    ServedModel model;
    const std::unique_ptr<ServedIndex> index;
    ServedSide side;
  };

 public:
  Api(ApiContent what, const Catalog& catalog, const ApiOptions& options, bool is_local)
      : log_(options.request_log),
        access_(options.keys, options.origins, is_local),
        tuned_(std::move(what.tuned), catalog, what.make_index, options.queue, *this),
        base_(what.base ? std::make_unique<Side>(std::move(*what.base), catalog, what.make_index,
                                                 options.queue, *this)
                        : nullptr),
        state_{figures_,
               tuned_.side,
               base_ ? &base_->side : nullptr,
               [this](std::function<void()> work) { later_.run(std::move(work)); },
               {},
               {}},
        router_(all_routes()) {
    declare_figures(figures_);
    openapi_ = json_text(openapi_document(
        router_.routes(),
        {{"title", "Kindred: " + tuned_.model.name()}, {"version", tuned_.model.card().kindred_version}},
        api_schemas()));
  }

  /// What threads work with goes when none of them does.
  ~Api() {
    tuned_.model.stop();
    if (base_) base_->model.stop();
    later_.join();
  }

  void serve(HttpServer& server) {
    state_.values = [&server, this] {
      return std::vector<ServeFigures::Value>{
          {"connections", "Connections that are open.", static_cast<double>(server.connections())},
          {"requests_waiting", "Requests that wait for a thread.", static_cast<double>(server.waiting())},
          {"inputs_waiting", "Inputs that wait to be encoded.",
           static_cast<double>(tuned_.model.waiting() + (base_ ? base_->model.waiting() : 0))},
          {"memory_bytes", "Memory of the process.", static_cast<double>(resident_bytes())}};
    };
    state_.is_draining = [this] { return is_draining_.load(); };
  }

  void drain() { is_draining_ = true; }

  void answer(const RequestPtr& request, const Respond& respond) {
    if (const auto response = access_.preflight(*request)) return respond(*response);
    Call call{request, {}};
    const auto* route = router_.find(*request, call);
    const Respond to_page = [this, request, respond](HttpResponse response) {
      access_.allow(*request, response);
      respond(std::move(response));
    };
    if (const auto refusal = access_.refusal(*request, route != nullptr && route->is_open))
      return to_page(*refusal);
    if (route == nullptr) return to_page(router_.nothing_found(*request));
    route->answer(call, to_page);
  }

  void note(const HttpOutcome& outcome) {
    Call call;
    const auto* route = outcome.request ? router_.find(*outcome.request, call) : nullptr;
    const auto pattern = route != nullptr ? route->pattern : "none";
    if (outcome.status == 0) {
      if (outcome.request) figures_.count("hangups_total", {{"route", pattern}});
    } else {
      figures_.count("requests_total", {{"route", pattern}, {"status", std::to_string(outcome.status)}});
      figures_.observe("request_seconds", {{"route", pattern}}, outcome.seconds);
    }
    log_.add(outcome, pattern);
  }

 private:
  void note(const BatchFigures& batch) {
    figures_.observe("queue_seconds", {}, batch.waited_seconds);
    figures_.observe("encode_seconds", {}, batch.encode_seconds);
    figures_.observe("batch_inputs", {}, static_cast<double>(batch.inputs));
  }

  std::vector<Route> all_routes() {
    std::vector<Route> routes;
    const auto take = [&](std::vector<Route> more) {
      for (auto& one : more) routes.push_back(std::move(one));
    };
    take(embedding_routes(state_));
    if (tuned_.index) {
      take(search_routes(state_));
      take(item_list_routes(state_));
      take(item_routes(state_));
    }
    take(status_routes(state_));
    const auto text = [](const char* type, const std::string& body) {
      HttpResponse response;
      response.type = type;
      response.body = body;
      return response;
    };
    Route openapi{
        "GET", "/openapi.json", "This interface as an OpenAPI document.", json::object(),
        [this, text](const Call&, const Respond& respond) { respond(text("application/json", openapi_)); }};
    openapi.is_open = openapi.is_page = true;
    routes.push_back(std::move(openapi));
    take(page_routes());
    return routes;
  }

  ServeFigures figures_;
  RequestLog log_;
  const Access access_;
  std::atomic<bool> is_draining_ = false;
  LaterThreads later_;
  Side tuned_;
  const std::unique_ptr<Side> base_;
  ServeState state_;
  const Router router_;
  std::string openapi_;
};

}  // namespace

void serve_api(ApiContent what, const Catalog& catalog, const ApiOptions& options, Context& context,
               const std::function<void(uint16_t port)>& listening) {
  const auto& address = options.http.address;
  const bool is_local = address.rfind("127.", 0) == 0 || address == "::1";
  Api api(std::move(what), catalog, options, is_local);
  auto http = options.http;
  http.outcome = [&api](const HttpOutcome& outcome) { api.note(outcome); };
  HttpServer server(
      http, [&api](const RequestPtr& request, const Respond& respond) { api.answer(request, respond); });
  api.serve(server);
  std::atomic<bool> is_over = false;
  std::thread watcher([&] {
    while (!is_over && !context.interrupted()) std::this_thread::sleep_for(kGlance);
    if (is_over) return;
    api.drain();
    server.stop();
  });
  listening(server.port());
  try {
    server.run();
  } catch (...) {
    is_over = true;
    watcher.join();
    throw;
  }
  is_over = true;
  watcher.join();
}

}  // namespace kindred::host
