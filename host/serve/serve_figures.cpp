#include "host/serve/serve_figures.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace kindred::host {
namespace {

std::string labels_text(const ServeFigures::Labels& labels) {
  std::string text;
  for (const auto& [name, value] : labels) {
    std::string escaped;
    for (const char letter : value) {
      if (letter == '\\' || letter == '"') escaped += '\\';
      escaped += letter == '\n' ? ' ' : letter;
    }
    text += fmt::format("{}{}=\"{}\"", text.empty() ? "" : ",", name, escaped);
  }
  return text;
}

std::string in_braces(const std::string& labels, const std::string& more = "") {
  const auto all = labels + (labels.empty() || more.empty() ? "" : ",") + more;
  return all.empty() ? "" : "{" + all + "}";
}

std::string header(const std::string& name, const std::string& help, const char* type) {
  return fmt::format("# HELP kindred_{0} {1}\n# TYPE kindred_{0} {2}\n", name, help, type);
}

}  // namespace

void ServeFigures::declare_counter(const std::string& name, const std::string& help) {
  const std::lock_guard<std::mutex> one(mutex_);
  families_[name].help = help;
}

void ServeFigures::declare_distribution(const std::string& name, const std::string& help,
                                        std::vector<double> bounds) {
  const std::lock_guard<std::mutex> one(mutex_);
  auto& family = families_[name];
  family.help = help;
  family.is_counter = false;
  family.bounds = std::move(bounds);
}

void ServeFigures::count(const std::string& name, const Labels& labels, double by) {
  const std::lock_guard<std::mutex> one(mutex_);
  families_.at(name).counters[labels_text(labels)] += by;
}

void ServeFigures::observe(const std::string& name, const Labels& labels, double value) {
  const std::lock_guard<std::mutex> one(mutex_);
  auto& family = families_.at(name);
  auto& distribution = family.distributions[labels_text(labels)];
  distribution.counts.resize(family.bounds.size() + 1);
  const auto place =
      std::lower_bound(family.bounds.begin(), family.bounds.end(), value) - family.bounds.begin();
  ++distribution.counts[static_cast<size_t>(place)];
  distribution.sum += value;
}

std::string ServeFigures::text(const std::vector<Value>& values) const {
  std::string out;
  for (const auto& [name, help, value] : values)
    out += header(name, help, "gauge") + fmt::format("kindred_{} {}\n", name, value);
  const std::lock_guard<std::mutex> one(mutex_);
  for (const auto& [name, family] : families_) {
    out += header(name, family.help, family.is_counter ? "counter" : "histogram");
    for (const auto& [labels, value] : family.counters)
      out += fmt::format("kindred_{}{} {}\n", name, in_braces(labels), value);
    for (const auto& [labels, distribution] : family.distributions) {
      uint64_t count = 0;
      for (size_t i = 0; i <= family.bounds.size(); ++i) {
        count += distribution.counts[i];
        const auto bound = i < family.bounds.size() ? fmt::format("{}", family.bounds[i]) : "+Inf";
        out +=
            fmt::format("kindred_{}_bucket{} {}\n", name, in_braces(labels, "le=\"" + bound + "\""), count);
      }
      out += fmt::format("kindred_{0}_sum{1} {2}\nkindred_{0}_count{1} {3}\n", name, in_braces(labels),
                         distribution.sum, count);
    }
  }
  return out;
}

}  // namespace kindred::host
