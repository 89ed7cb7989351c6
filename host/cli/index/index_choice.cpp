#include "host/cli/index/index_choice.hpp"

#include <fmt/format.h>

#include <charconv>

#include "host/base/system_info.hpp"
#include "host/base/text.hpp"
#include "host/contracts/contracts.hpp"
#include "host/index/live_index.hpp"
#include "kindred/error.hpp"
#include "kindred/io/image_names.hpp"
#include "kindred/io/json_text.hpp"
#include "kindred/params.hpp"

namespace kindred::host {
using nlohmann::json;
namespace {

constexpr const char* kFlatName = "kindred.flat";
constexpr const char* kApproximateName = "kindred.faiss";
constexpr int64_t kLaterShare = 5;  // a fifth of the covered rows may wait beside them

struct Unit {
  const char* name;
  double factor;
};
constexpr Unit kSizes[] = {
    {"", 1},      {"b", 1},        {"kb", 1e3},        {"mb", 1e6},           {"gb", 1e9},
    {"tb", 1e12}, {"kib", 1024.0}, {"mib", 1048576.0}, {"gib", 1073741824.0}, {"tib", 1099511627776.0}};
constexpr Unit kTimes[] = {{"s", 1}, {"ms", 1e-3}, {"us", 1e-6}};

/// The number of a text in units of its name; at most 0 where it is none.
template <size_t Count>
double number_of(const std::string& text, const Unit (&units)[Count]) {
  double number = 0;
  const auto [at, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
  const auto name = lower_case(std::string(at, text.data() + text.size()));
  if (failed != std::errc()) return 0;
  for (const auto& unit : units) {
    if (name == unit.name) return number * unit.factor;
  }
  return 0;
}

bool is_flat(const IndexComponent& component) { return component.id.empty() || component.id == kFlatName; }

const ComponentInfo& named_index(const Catalog& catalog, const std::string& name) {
  if (const auto* info = catalog.find(Index::kKind, name)) return *info;
  const auto close = catalog.suggest(Index::kKind, name);
  auto names = catalog.names(Index::kKind);
  names.insert(names.begin(), "auto");
  throw UsageError(fmt::format(
      "there is no index `{}`{}; expected {}", name, close.empty() ? "" : "; did you mean `" + close + "`?",
      names.size() == 1 ? "auto, since no plugin has one" : "one of " + joined(names)));
}

}  // namespace

int64_t bytes_of_text(const std::string& text, const std::string& option) {
  const auto bytes = number_of(text, kSizes);
  if (bytes >= 1 && bytes < 9e18) return static_cast<int64_t>(bytes);
  throw UsageError(fmt::format("--{} {} is no size; expected one such as 4GB or 512MiB", option, text));
}

double seconds_of_text(const std::string& text, const std::string& option) {
  const auto seconds = number_of(text, kTimes);
  if (seconds > 0) return seconds;
  throw UsageError(fmt::format("--{} {} is no time; expected one such as 10ms or 0.5s", option, text));
}

MakeIndex index_maker(const Catalog& catalog) {
  return [&catalog](const IndexComponent& what) {
    const auto* info = catalog.find(Index::kKind, what.id);
    if (info == nullptr) {
      throw Error(
          fmt::format("the index needs the component {} {}, which no plugin here has; name its folder "
                      "with --plugins, or choose another with host index compact --index",
                      what.id, what.version));
    }
    return create_under_contract<Index>(catalog, *info, what.params);
  };
}

ComponentChoice::ComponentChoice(const CommandLine& command) {
  if (command.has("index")) name_ = command.get<std::string>("index");
  latency_ = seconds_of_text(command.get<std::string>("latency"), "latency");
  memory_bytes_ = command.has("memory") ? bytes_of_text(command.get<std::string>("memory"), "memory")
                                        : static_cast<int64_t>(available_memory_bytes());
  oversample_ = command.get<int64_t>("oversample");
  if (oversample_ < 1 || oversample_ > 1000)
    throw UsageError(fmt::format("--oversample is {}; expected 1 to 1000", oversample_));
  if (!command.has("params")) return;
  if (is_auto()) throw UsageError("--params is of the component that --index names; give both");
  params_ = parse_json(command.get<std::string>("params"));
  if (!params_.is_object())
    throw UsageError("--params must be a JSON object such as '{\"factory\": \"HNSW32\"}'");
}

void ComponentChoice::check(const Catalog& catalog) const {
  if (is_auto()) return;
  std::string wrong;
  for (const auto& issue : check_params(named_index(catalog, name_).schema, params_))
    wrong += (wrong.empty() ? "" : "; ") + issue.message;
  if (!wrong.empty()) throw UsageError("--params: " + wrong);
}

IndexChoice ComponentChoice::automatic(const IndexWriter& writer, const Catalog& catalog) const {
  const auto& space = writer.space();
  IndexNeeds needs;
  needs.rows = writer.state().rows - writer.state().removed;
  needs.dimension = space.dimension;
  needs.number_bytes = static_cast<int64_t>(c10::elementSize(space.precision));
  needs.distance = space.distance;
  needs.latency = latency_;
  needs.memory_bytes = memory_bytes_;
  if (writer.state().rows > 0)
    needs.scan_bytes_per_second = measured_scan_rate(writer.rows(), space.distance);
  needs.has_approximate = catalog.find(Index::kKind, kApproximateName) != nullptr;
  auto choice = choose_index(needs);
  // The host itself compares each row, where the plugin for it is missing.
  if (const auto* info = catalog.find(Index::kKind, choice.component.id)) {
    choice.component.version = info->version;
  } else {
    choice.component.id.clear();
  }
  return choice;
}

IndexChoice ComponentChoice::chosen(const IndexWriter& writer, const Catalog& catalog) const {
  if (!is_auto()) {
    const auto& info = named_index(catalog, name_);
    IndexChoice choice;
    choice.component.id = info.id;
    choice.component.version = info.version;
    choice.component.params = params_;
    choice.component.oversample = oversample_;
    choice.reason = info.id + ", as was asked for";
    return choice;
  }
  const auto before = writer.note(kNote);
  if (name_.empty() && before.is_object() && !before.value("auto", true))
    return {writer.state().component, writer.state().component.id + ", as was asked for earlier"};
  return automatic(writer, catalog);
}

/// Notes how it was chosen, and says what it finds.
json ComponentChoice::finished(IndexWriter& writer, const IndexChoice& choice, const Catalog& catalog,
                               Context& context) const {
  if (!name_.empty() || writer.note(kNote).is_null()) writer.set_note(kNote, {{"auto", is_auto()}});
  json said = to_json(choice.component);
  for (const auto* key : {"folder", "files", "covered_rows"}) said.erase(key);
  said["reason"] = choice.reason;
  const LiveIndex index(IndexFolder::open(writer.path()), index_maker(catalog));
  said["memory_bytes"] = index.memory_bytes();
  said["recall"] = nullptr;
  auto text = "index: " + choice.reason;
  if (!index.is_exact()) {
    const auto recall = sampled_recall(index);
    said["recall"] = {{"k", recall.k}, {"queries", recall.queries}, {"share", recall.share}};
    text += fmt::format("; recall@{} is {:.4f} for {} of its rows", recall.k, recall.share, recall.queries);
  }
  context.info(text);
  return said;
}

json ComponentChoice::build(IndexWriter& writer, const Catalog& catalog, Context& context) const {
  const auto choice = chosen(writer, catalog);
  if (!is_flat(choice.component)) context.info("building the index: " + choice.reason);
  writer.build_component(choice.component, index_maker(catalog));
  return finished(writer, choice, catalog, context);
}

json ComponentChoice::compact(IndexWriter& writer, const Catalog& catalog, Context& context) const {
  const auto choice = chosen(writer, catalog);
  const auto dropped = writer.compact(choice.component, index_maker(catalog));
  auto said = finished(writer, choice, catalog, context);
  said["dropped_rows"] = dropped;
  return said;
}

void ComponentChoice::follow(IndexWriter& writer, const Catalog& catalog, Context& context) const {
  const auto& state = writer.state();
  const auto later = state.rows - state.component.covered;
  if (later == 0) return;
  if (is_flat(state.component)) {
    const auto choice = chosen(writer, catalog);
    if (is_flat(choice.component)) {
      writer.build_component(choice.component, index_maker(catalog));
    } else {
      context.info(fmt::format("the index has grown: {} would suit it now. `host index compact {}` builds it",
                               choice.reason, writer.path()));
    }
  } else if (later > state.component.covered / kLaterShare) {
    context.info(
        fmt::format("{} rows are searched one by one beside the {} that {} covers; `host index "
                    "compact {}` builds it over all",
                    later, state.component.covered, state.component.id, writer.path()));
  }
}

}  // namespace kindred::host
