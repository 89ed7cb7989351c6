// The Kindred side of the parts `hnsw` and `ten_million` of tests/benchmarks/search.py:
//   index_benchmark INDEX QUERIES.npy K REPEATS FOUND
// searches an index folder as the host does, and its component without the host, all queries at once with all
// threads and one by one with one thread. It prints a line of JSON with the seconds of each repeat, and
// writes the row numbers to FOUND_live.npy and FOUND_component.npy.
#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <chrono>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "component.hpp"
#include "host/index/live_index.hpp"
#include "kindred/io/npy.hpp"

namespace {
using namespace kindred;
using nlohmann::json;

struct Searched {
  at::Tensor queries, found;
  int64_t k;
  int repeats;
};

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

/// Seconds of a search for all queries, at once and one by one.
template <class Search>
json timed(Searched& of, Search search) {
  const auto threads = at::get_num_threads();
  std::vector<double> together, alone;
  for (int i = 0; i < of.repeats; ++i) {
    at::set_num_threads(threads);
    auto start = std::chrono::steady_clock::now();
    of.found = search(of.queries);
    together.push_back(seconds_since(start));
    at::set_num_threads(1);
    start = std::chrono::steady_clock::now();
    for (int64_t n = 0; n < of.queries.size(0); ++n) search(of.queries.slice(0, n, n + 1));
    alone.push_back(seconds_since(start));
  }
  at::set_num_threads(threads);
  return {{"together", together}, {"alone", alone}};
}

/// The memory of the process at its largest, in MiB: all of it, and its own without mapped files at the end.
json memory() {
  json out;
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.rfind("VmHWM:", 0) == 0) out["peak"] = std::stod(line.substr(6)) / 1024;
    if (line.rfind("RssAnon:", 0) == 0) out["own"] = std::stod(line.substr(8)) / 1024;
  }
  return out;
}

json measured(const std::vector<std::string>& words) {
  json out;
  const auto start = std::chrono::steady_clock::now();
  const auto folder = host::IndexFolder::open(words.at(0));
  const auto make = [](const host::IndexComponent& what) {
    return testing::make<Index>(what.id == "kindred.flat" ? "index" : "faiss", what.id, what.params);
  };
  const host::LiveIndex index(folder, make);
  out["open_seconds"] = seconds_since(start);
  Searched of{map_npy(words.at(1)).clone(), {}, std::stoll(words.at(2)), std::stoi(words.at(3))};
  out["live"] = timed(of, [&](const at::Tensor& queries) { return index.search(queries, of.k).rows; });
  write_npy(words.at(4) + "_live.npy", of.found);
  const auto& what = folder->component();
  if (!what.folder.empty()) {
    const auto component = make(what);
    component->load(folder->path() + "/" + what.folder, folder->rows(), folder->space().distance);
    const IndexSearch request{of.k};
    out["component"] =
        timed(of, [&](const at::Tensor& queries) { return component->search(queries, request).rows; });
    write_npy(words.at(4) + "_component.npy", of.found);
  }
  out["mebibytes"] = memory();
  return out;
}

}  // namespace

int main(int count, char** arguments) {
  try {
    std::cout << measured({arguments + 1, arguments + count}) << std::endl;
    return 0;
  } catch (const std::exception& error) {
    std::cerr << error.what() << "\nsee the head of index_benchmark.cpp for what it takes\n";
    return 2;
  }
}
