#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "host/report/html/html.hpp"
#include "host/report/run_report/sections.hpp"

namespace kindred::host {
namespace {

constexpr size_t kShownClasses = 10, kShownConfusions = 15;

/// The means of one class by both sides.
struct ClassMean {
  std::string name;
  int64_t queries = 0;
  double base = 0, tuned = 0;
  double gain = 0;  ///< tuned over base, in the direction that is better
};

std::vector<ClassMean> class_means(const ReportParts& parts, const std::string& metric) {
  const auto& table = *parts.queries;
  const auto &base = QueryTable::find(table.base, metric)->values,
             &tuned = QueryTable::find(table.tuned, metric)->values;
  std::map<std::pair<int64_t, std::string>, ClassMean> classes;
  for (size_t i = 0; i < table.samples.size(); ++i) {
    if (!std::isfinite(base[i]) || !std::isfinite(tuned[i])) continue;
    auto& one = classes[{table.labels[i], table.classes[i]}];
    one.name = table.classes[i];
    one.base += base[i];
    one.tuned += tuned[i];
    ++one.queries;
  }
  const double sign = parts.higher_is_better(metric) ? 1 : -1;
  std::vector<ClassMean> out;
  for (auto& [key, one] : classes) {
    one.base /= static_cast<double>(one.queries);
    one.tuned /= static_cast<double>(one.queries);
    one.gain = sign * (one.tuned - one.base);
    out.push_back(one);
  }
  std::stable_sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return a.gain > b.gain; });
  return out;
}

std::string class_table(const std::vector<ClassMean>& classes, double largest) {
  std::vector<std::vector<std::string>> rows;
  for (const auto& one : classes) {
    const double width = largest > 0 ? 6 * std::abs(one.gain) / largest : 0;
    rows.push_back({escaped(one.name), std::to_string(one.queries), figure(one.base), figure(one.tuned),
                    fmt::format("{:+.4f}", one.tuned - one.base),
                    one.gain == 0 ? ""
                                  : fmt::format("<span class=\"bar {}\" style=\"width:{:.2f}rem\"></span>",
                                                one.gain < 0 ? "bad" : "good", width)});
  }
  return html_table({{"class"}, {"queries", true}, {"base", true}, {"tuned", true}, {"change", true}, {""}},
                    rows);
}

/// Queries of one class whose nearest neighbour is of another one.
struct Confusion {
  std::string asked, found;
  int64_t tuned = 0, base = 0;
  size_t closest = 0;  ///< the query whose wrong neighbour is the nearest, by tuned
  double distance = INFINITY;
};

std::vector<Confusion> confusions_of(const QueryTable& table) {
  std::map<std::pair<std::string, std::string>, Confusion> all;
  const auto at = [&](size_t i, const std::string& found) -> Confusion& {
    auto& one = all[{table.classes[i], found}];
    one.asked = table.classes[i];
    one.found = found;
    return one;
  };
  for (size_t i = 0; i < table.samples.size(); ++i) {
    const auto& nearest = table.tuned_nearest;
    if (i < nearest.classes.size() && !nearest.samples[i].empty() && nearest.classes[i] != table.classes[i]) {
      auto& one = at(i, nearest.classes[i]);
      ++one.tuned;
      if (nearest.distances[i] < one.distance) {
        one.distance = nearest.distances[i];
        one.closest = i;
      }
    }
    const auto& before = table.base_nearest;
    if (i < before.classes.size() && !before.samples[i].empty() && before.classes[i] != table.classes[i])
      ++at(i, before.classes[i]).base;
  }
  std::vector<Confusion> out;
  for (auto& [key, one] : all) {
    if (one.tuned > 0) out.push_back(one);
  }
  std::stable_sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return a.tuned > b.tuned; });
  return out;
}

}  // namespace

std::string classes_section(const ReportParts& parts) {
  const auto metric = parts.main_metric();
  if (metric.empty() || !parts.by_class()) return "";
  const auto classes = class_means(parts, metric);
  if (classes.size() < 2) return "";
  double largest = 0;
  int64_t better = 0, worse = 0;
  for (const auto& one : classes) {
    largest = std::max(largest, std::abs(one.gain));
    better += one.gain > 0;
    worse += one.gain < 0;
  }
  const auto shown = std::min(kShownClasses, (classes.size() + 1) / 2);
  const std::vector<ClassMean> best(classes.begin(), classes.begin() + static_cast<std::ptrdiff_t>(shown));
  const std::vector<ClassMean> worst(
      classes.rbegin(),
      classes.rbegin() + static_cast<std::ptrdiff_t>(std::min(shown, classes.size() - shown)));
  return fmt::format(
             "<p>By {}, {} of {} test classes became better and {} worse. A class of a few queries changes "
             "easily.</p>\n",
             escaped(metric), better, classes.size(), worse) +
         "<div class=\"columns\"><div><h3>Most improved</h3>\n" + class_table(best, largest) +
         "</div><div><h3>Least improved, or worse</h3>\n" + class_table(worst, largest) + "</div></div>\n";
}

std::string confusions_section(const ReportParts& parts) {
  if (!parts.queries || !parts.by_class() || parts.queries->tuned_nearest.classes.empty()) return "";
  const auto& table = *parts.queries;
  auto all = confusions_of(table);
  int64_t wrong = 0;
  for (const auto& one : all) wrong += one.tuned;
  const auto share = table.samples.empty()
                         ? 0.0
                         : 100 * static_cast<double>(wrong) / static_cast<double>(table.samples.size());
  auto out = fmt::format("<p>The nearest neighbour of {} of {} queries ({:.1f} %) is of another class.</p>\n",
                         wrong, table.samples.size(), share);
  all.resize(std::min(all.size(), kShownConfusions));
  if (all.empty()) return out;
  std::vector<std::string> names;
  for (const auto& one : all) {
    names.push_back(table.samples[one.closest]);
    names.push_back(table.tuned_nearest.samples[one.closest]);
  }
  const auto pictures = parts.objects.pictures(names, 144, 108);
  std::map<std::string, int64_t> sizes;
  for (const auto& name : table.classes) ++sizes[name];
  std::vector<std::vector<std::string>> rows;
  for (size_t i = 0; i < all.size(); ++i) {
    const auto& one = all[i];
    std::string pair;
    for (size_t side = 0; side < 2; ++side) {
      if (!pictures[2 * i + side].empty())
        pair += "<img alt=\"\" src=\"data:image/jpeg;base64," + pictures[2 * i + side] + "\">";
    }
    rows.push_back({escaped(one.asked), escaped(one.found),
                    fmt::format("{} of {}", one.tuned, sizes[one.asked]), std::to_string(one.base),
                    fmt::format("<span class=\"pair\">{}</span>", pair), figure(one.distance)});
  }
  return out + html_table({{"queries of"},
                           {"find first"},
                           {"tuned", true},
                           {"base", true},
                           {parts.objects.has_pictures() ? "the closest such pair" : ""},
                           {"its distance", true}},
                          rows);
}

}  // namespace kindred::host
