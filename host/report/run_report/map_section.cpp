#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "host/report/html/html.hpp"
#include "host/report/run_report/sections.hpp"
#include "kindred/error.hpp"

namespace kindred::host {
using nlohmann::json;
namespace {

constexpr size_t kColoured = 10, kMostThumbnails = 1000;
constexpr int64_t kThumbnail = 48;
constexpr double kSide = 560, kEdge = 10;

/// The numbers of the classes with most points, largest first; equal ones in the order of the map.
std::vector<size_t> largest_classes(const std::vector<size_t>& class_of, size_t count) {
  std::vector<size_t> sizes(count, 0), order(count);
  for (const auto one : class_of) ++sizes.at(one);
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return sizes[a] > sizes[b]; });
  order.resize(std::min(order.size(), kColoured));
  return order;
}

std::string drawing(const char* name, const json& side, const std::vector<size_t>& class_of,
                    const std::vector<int>& colours) {
  const auto x = side.at("x").get<std::vector<double>>(), y = side.at("y").get<std::vector<double>>();
  if (x.size() != class_of.size() || y.size() != class_of.size())
    throw Error("map.json does not have as many places as samples; was it changed?");
  const auto [left, right] = std::minmax_element(x.begin(), x.end());
  const auto [low, high] = std::minmax_element(y.begin(), y.end());
  // One scale for both axes, since distances on the map are to be compared.
  const double span = std::max({*right - *left, *high - *low, 1e-12}), scale = (kSide - 2 * kEdge) / span;
  const double x_mid = (*left + *right) / 2, y_mid = (*low + *high) / 2;
  const double height = std::max((*high - *low) * scale, 80.0) + 2 * kEdge;
  const double radius = x.size() > 1500 ? 2.6 : 3.6;
  std::string points;
  for (size_t i = 0; i < x.size(); ++i) {
    const auto colour = colours[class_of[i]];
    points += fmt::format("<circle{} cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"{}\"/>",
                          colour < 0 ? "" : fmt::format(" class=\"k k{}\"", colour),
                          kSide / 2 + (x[i] - x_mid) * scale, height / 2 - (y[i] - y_mid) * scale, radius);
  }
  return fmt::format(
      "<figure class=\"map\"><figcaption><b>{0}</b> <span class=\"soft\">two directions that hold {1:.0f} % "
      "of "
      "the variance</span></figcaption>\n<svg viewBox=\"0 0 {2} {3:.0f}\" role=\"img\" aria-label=\"{0}: a "
      "point for each test sample\">{4}</svg></figure>\n",
      name, 100 * side.value("variance_share", 0.0), kSide, height, points);
}

/// Pictures of at most kMostThumbnails points, evenly chosen; "" for the others.
std::vector<std::string> thumbnails(const ReportParts& parts, const std::vector<std::string>& names) {
  std::vector<std::string> out(names.size()), chosen;
  if (!parts.objects.has_pictures() || names.empty()) return out;
  const auto count = std::min(names.size(), kMostThumbnails);
  for (size_t i = 0; i < count; ++i) chosen.push_back(names[i * names.size() / count]);
  const auto read = parts.objects.pictures(chosen, kThumbnail, kThumbnail);
  for (size_t i = 0; i < count; ++i) out[i * names.size() / count] = read[i];
  return out;
}

}  // namespace

std::string map_section(const ReportParts& parts) {
  const auto& map = parts.map;
  if (!map.contains("samples") || map["samples"].empty()) return "";
  const auto names = map.at("samples").get<std::vector<std::string>>();
  const auto classes = map.at("classes").get<std::vector<std::string>>();
  const auto class_of = map.at("class_of").get<std::vector<size_t>>();
  if (class_of.size() != names.size()) throw Error("map.json does not say the class of every sample");
  const auto largest = largest_classes(class_of, classes.size());
  std::vector<int> colours(classes.size(), -1);
  std::string legend;
  for (size_t i = 0; i < largest.size() && parts.by_class(); ++i) {
    colours[largest[i]] = static_cast<int>(i);
    legend += fmt::format(
        "<li><button type=\"button\" data-class=\"{}\"><span class=\"dot k{}\"></span>{}</button></li>",
        largest[i], i, escaped(classes[largest[i]]));
  }
  if (classes.size() > largest.size()) {
    legend +=
        fmt::format("<li><span class=\"dot\"></span>{} other classes</li>", classes.size() - largest.size());
  }
  const json data = {
      {"names", names}, {"classes", classes}, {"class_of", class_of}, {"pictures", thumbnails(parts, names)}};
  return fmt::format(
             "<p>{} test samples, in the two directions in which they vary most (principal components, of "
             "each side its own). What is near in the plane need not be near in the space of all numbers. "
             "Point at one to see it, and its class in both maps.</p>\n",
             names.size()) +
         "<div class=\"maps\">\n" + drawing("base", map.at("base"), class_of, colours) +
         drawing("tuned", map.at("tuned"), class_of, colours) + script_data("map-data", data) + "</div>\n" +
         (parts.by_class() ? "<ul class=\"legend\">" + legend + "</ul>\n" : "");
}

}  // namespace kindred::host
