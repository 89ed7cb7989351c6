#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <unordered_map>

#include "host/base/random_streams.hpp"
#include "host/report/html/html.hpp"
#include "host/report/run_report/sections.hpp"

namespace kindred::host {
using nlohmann::json;
namespace {

constexpr size_t kRandom = 8, kChanged = 4;
constexpr int64_t kPictureWidth = 160, kPictureHeight = 120;

/// Queries that are shown for one reason, as lines of the table.
struct Group {
  std::string title;
  std::vector<size_t> queries;
};

/// One neighbour of a query.
struct Found {
  std::string sample, class_name;
  double distance;
};

std::vector<Found> found_by(const NearestNeighbours& nearest, const std::vector<NearestNeighbours>& further,
                            size_t query) {
  std::vector<Found> out;
  const auto add = [&](const NearestNeighbours& one) {
    if (query >= one.samples.size() || query >= one.classes.size() || query >= one.distances.size()) return;
    if (!one.samples[query].empty())
      out.push_back({one.samples[query], one.classes[query], one.distances[query]});
  };
  add(nearest);
  for (const auto& one : further) add(one);
  return out;
}

/// The queries of retrieval.png: the same stream draws among the same ones.
Group random_group(const ReportParts& parts) {
  Group group{"Chosen at random", {}};
  group.queries.resize(parts.queries->samples.size());
  std::iota(group.queries.begin(), group.queries.end(), size_t{0});
  auto random = random_stream(parts.source.run.pipeline.value("seed", uint64_t{42}), Stream::shown_queries);
  random.shuffle(group.queries.begin(), group.queries.end());
  group.queries.resize(std::min(group.queries.size(), kRandom));
  return group;
}

/// Those whose value changed most for the better and for the worse.
std::vector<Group> changed_groups(const ReportParts& parts) {
  const auto metric = parts.main_metric();
  if (metric.empty()) return {};
  const auto &base = QueryTable::find(parts.queries->base, metric)->values,
             &tuned = QueryTable::find(parts.queries->tuned, metric)->values;
  const double sign = parts.higher_is_better(metric) ? 1 : -1;
  std::vector<size_t> order;
  for (size_t i = 0; i < base.size(); ++i) {
    if (std::isfinite(base[i]) && std::isfinite(tuned[i])) order.push_back(i);
  }
  const auto gain = [&](size_t i) { return sign * (tuned[i] - base[i]); };
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return gain(a) > gain(b); });
  Group better{"Most improved by " + metric, {}}, worse{"Most worsened by " + metric, {}};
  for (size_t i = 0; i < std::min(kChanged, order.size()); ++i) {
    if (gain(order[i]) > 0) better.queries.push_back(order[i]);
    if (gain(order[order.size() - 1 - i]) < 0) worse.queries.push_back(order[order.size() - 1 - i]);
  }
  return {better, worse};
}

/// Draws samples, with pictures that were read for all of them at once.
class Cards {
 public:
  explicit Cards(const ReportParts& parts) : parts_(parts) {}

  void read(const std::vector<Group>& groups) {
    std::vector<std::string> names;
    const auto add = [&](const std::string& name) {
      if (pictures_.emplace(name, "").second) names.push_back(name);
    };
    const auto& table = *parts_.queries;
    for (const auto& group : groups) {
      for (const auto query : group.queries) {
        add(table.samples[query]);
        for (const auto& one : found_by(table.base_nearest, table.base_further, query)) add(one.sample);
        for (const auto& one : found_by(table.tuned_nearest, table.tuned_further, query)) add(one.sample);
      }
    }
    const auto read = parts_.objects.pictures(names, kPictureWidth, kPictureHeight);
    for (size_t i = 0; i < names.size(); ++i) pictures_[names[i]] = read[i];
  }

  std::string query(size_t number) const {
    const auto& table = *parts_.queries;
    std::string values;
    for (const auto& metric : table.tuned) {
      const auto* base = QueryTable::find(table.base, metric.name);
      values += fmt::format("<div class=\"soft\">{} {}{}</div>", escaped(metric.name),
                            base == nullptr ? "" : figure(base->values[number]) + " &rarr; ",
                            figure(metric.values[number]));
    }
    return fmt::format(
        "<div class=\"query\">\n<figure class=\"asked\">{}<figcaption><b>{}</b><div class=\"soft\">{}</div>{}"
        "</figcaption></figure>\n<div>{}{}{}</div>\n</div>\n",
        object(table.samples[number]), escaped(table.classes[number]), escaped(table.samples[number]), values,
        side("base", number, found_by(table.base_nearest, table.base_further, number)),
        side("tuned", number, found_by(table.tuned_nearest, table.tuned_further, number)), note(number));
  }

 private:
  std::string object(const std::string& name) const {
    const auto picture = pictures_.find(name);
    std::string out;
    if (picture != pictures_.end() && !picture->second.empty()) {
      out = fmt::format("<div class=\"object\"><img alt=\"{}\" src=\"data:image/jpeg;base64,{}\"></div>",
                        escaped(name), picture->second);
    }
    if (const auto text = parts_.objects.text(name); !text.empty())
      out += "<div class=\"object text\">" + escaped(text) + "</div>";
    return out.empty() ? "<div class=\"object none\"></div>" : out;
  }

  std::string side(const char* name, size_t number, const std::vector<Found>& found) const {
    if (found.empty()) return "";
    std::string out = fmt::format("<div class=\"found\"><div class=\"side\">{}</div>", name);
    for (const auto& one : found) {
      const bool is_right = one.class_name == parts_.queries->classes[number];
      const auto* style = !parts_.by_class() ? "" : is_right ? "right" : "wrong";
      const auto shown_class = is_right || !parts_.by_class()
                                   ? std::string()
                                   : "<div class=\"class\">&#10007; " + escaped(one.class_name) + "</div>";
      out += fmt::format(
          "<figure class=\"{}\" title=\"{}, {}\">{}<figcaption><span class=\"distance\">{}{}</span>{}"
          "</figcaption></figure>",
          style, escaped(one.sample), escaped(one.class_name), object(one.sample),
          is_right && parts_.by_class() ? "&#10003; " : "", figure(one.distance), shown_class);
    }
    return out + "</div>";
  }

  /// Says why the first neighbour of tuned is wrong, where it is.
  std::string note(size_t number) const {
    const auto& table = *parts_.queries;
    const auto found = found_by(table.tuned_nearest, table.tuned_further, number);
    if (!parts_.by_class() || found.empty() || found.front().class_name == table.classes[number]) return "";
    const auto own = std::find_if(found.begin(), found.end(),
                                  [&](const Found& one) { return one.class_name == table.classes[number]; });
    const auto begin = fmt::format("The nearest by tuned is wrong: it is of {}, at {}",
                                   escaped(found.front().class_name), figure(found.front().distance));
    if (own == found.end()) {
      return "<p class=\"soft small\">" + begin +
             fmt::format("; none of the {} nearest is of the query's own class.</p>", found.size());
    }
    return "<p class=\"soft small\">" + begin +
           fmt::format("; the first of its own class has rank {} and is {} farther away.</p>",
                       own - found.begin() + 1, figure(own->distance - found.front().distance));
  }

  const ReportParts& parts_;
  std::unordered_map<std::string, std::string> pictures_;
};

}  // namespace

std::string retrieval_section(const ReportParts& parts) {
  if (!parts.queries || parts.queries->samples.empty()) return "";
  std::vector<Group> groups = {random_group(parts)};
  for (auto& one : changed_groups(parts)) {
    if (!one.queries.empty()) groups.push_back(std::move(one));
  }
  Cards cards(parts);
  cards.read(groups);
  auto out = fmt::format(
      "<p>Each query with its nearest neighbours among the test samples and their distances{}.</p>\n",
      parts.by_class()
          ? ": <span class=\"good\">&#10003; its class</span>, <span class=\"bad\">&#10007; another "
            "class</span>, which is named"
          : "");
  for (const auto& group : groups) {
    out += "<h3>" + escaped(group.title) + "</h3>\n";
    for (const auto query : group.queries) out += cards.query(query);
  }
  return out;
}

}  // namespace kindred::host
