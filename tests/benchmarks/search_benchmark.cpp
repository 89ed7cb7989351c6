// The Kindred side of tests/benchmarks/search.py:
//   search_benchmark exact ROWS.npy QUERIES.npy DISTANCE K REPEATS
//   search_benchmark metrics ROWS.npy LABELS.npy REPEATS [by_rows]
//   search_benchmark product ROWS.npy REPEATS
// prints a line of JSON: the seconds of each repeat, by the clock and of all processors together, and what
// was found.
#include <ATen/ATen.h>

#include <chrono>
#include <ctime>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "component.hpp"
#include "host/evaluation/evaluation.hpp"
#include "kindred/exact_search.hpp"
#include "kindred/io/npy.hpp"

namespace {
using namespace kindred;
using nlohmann::json;

/// The largest memory of the process, mapped files and LibTorch itself included, in MiB.
double peak_mebibytes() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.rfind("VmHWM:", 0) == 0) return std::stod(line.substr(6)) / 1024;
  }
  return 0;
}

template <class Work>
json timed(int repeats, Work work) {
  std::vector<double> seconds, processor;
  for (int i = 0; i < repeats; ++i) {
    const auto start = std::chrono::steady_clock::now();
    const auto used = std::clock();
    work();
    seconds.push_back(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
    processor.push_back(static_cast<double>(std::clock() - used) / CLOCKS_PER_SEC);
  }
  return {{"seconds", seconds}, {"processor_seconds", processor}};
}

json exact(const std::vector<std::string>& words) {
  const TensorRows rows(map_npy(words.at(1)));
  const auto queries = map_npy(words.at(2));
  const auto distance = distance_from_name(words.at(3));
  const IndexSearch request{std::stoll(words.at(4))};
  Neighbours found;
  const auto out =
      timed(std::stoi(words.at(5)), [&] { found = exact_search(rows, distance, queries, request); });
  if (words.size() > 6) write_npy(words[6], found.rows);
  return out;
}

json metrics(const std::vector<std::string>& words) {
  const auto rows = map_npy(words.at(1));
  host::RetrievalTask task{map_npy(words.at(2)), {}, {}, {}};
  // Where it is said who the candidates are, each row is compared with all of them.
  if (words.size() > 4) task.candidates = at::ones({rows.size(0)}, at::kBool);
  const std::vector<std::shared_ptr<Metric>> measured = {
      testing::make<Metric>("core", "kindred.r_precision"), testing::make<Metric>("core", "kindred.map_at_r"),
      testing::make<Metric>("core", "kindred.precision_at_1")};
  host::EvaluationOptions options;
  options.bootstrap_samples = 0;
  json values;
  auto out = timed(std::stoi(words.at(3)), [&] {
    for (const auto& one : host::evaluate_metrics(rows, task, measured, options)) values[one.name] = one.mean;
  });
  out["values"] = values;
  return out;
}

/// The matrix of all products, in tiles as large as those that a whole row of scores needs, and nothing else.
json product(const std::vector<std::string>& words) {
  const auto rows = map_npy(words.at(1));
  const int64_t step = std::max<int64_t>((int64_t{16} << 20) / rows.size(0), 1);
  auto memory = at::empty({step, rows.size(0)});
  float sum = 0;
  auto out = timed(std::stoi(words.at(2)), [&] {
    for (int64_t first = 0; first < rows.size(0); first += step) {
      const auto part = rows.slice(0, first, std::min(first + step, rows.size(0)));
      auto products = memory.narrow(0, 0, part.size(0));
      at::mm_out(products, part, rows.t());
      sum += products[0][0].item<float>();
    }
  });
  out["sum"] = sum;  // so that no product is left out
  return out;
}

}  // namespace

int main(int count, char** arguments) {
  const std::vector<std::string> words(arguments + 1, arguments + count);
  try {
    json result = words.at(0) == "exact"     ? exact(words)
                  : words.at(0) == "metrics" ? metrics(words)
                                             : product(words);
    result["peak_mebibytes"] = peak_mebibytes();
    std::cout << result << std::endl;
    return 0;
  } catch (const std::exception& error) {
    std::cerr << error.what() << "\nsee the head of search_benchmark.cpp for what it takes\n";
    return 2;
  }
}
