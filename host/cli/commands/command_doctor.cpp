#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <fmt/format.h>
#include <sqlite3.h>
#include <torch/csrc/api/include/torch/version.h>

#include <chrono>
#include <filesystem>
#include <iostream>
#include <set>

#include "host/base/exit_code.hpp"
#include "host/base/processors.hpp"
#include "host/base/system_info.hpp"
#include "host/cli/busy_machine.hpp"
#include "host/cli/command_body.hpp"
#include "host/cli/command_line.hpp"
#include "host/distributed/group.hpp"
#include "host/inference/encoder_speed.hpp"
#include "host/model/device.hpp"
#include "host/pipeline/validator.hpp"
#include "host/run/checked_pipeline.hpp"
#include "host/run/make_model.hpp"
#include "kindred/abi/build_tag.hpp"
#include "kindred/io/json_text.hpp"

namespace kindred::host {
using nlohmann::json;
namespace {

constexpr double kSlowGigaflops =
    15;  // per thread; a reference BLAS reaches 1 to 5, an optimised one 40 and more

constexpr double kBenchSeconds = 1;  // for every size of a batch

/// Billions of floating point operations per second of a 1024-cube float32 matrix product.
double matrix_product_gigaflops() {
  const auto a = at::rand({1024, 1024}), b = at::rand({1024, 1024});
  at::mm(a, b);
  double best = 0;
  for (int i = 0; i < 3; ++i) {
    const auto start = std::chrono::steady_clock::now();
    at::mm(a, b);
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    best = std::max(best, 2.0 * 1024 * 1024 * 1024 / seconds / 1e9);
  }
  return best;
}

std::string blas_name() {
  const auto config = at::show_config();
  if (config.find("Math Kernel Library") != std::string::npos) return "MKL, in LibTorch";
  for (const char* part : {"libmkl", "libopenblas", "libblis", "libblas"}) {
    std::set<std::string> found;  // files: a name may be a link that says less
    for (const auto& name : mapped_libraries()) {
      std::error_code absent;
      const auto file = std::filesystem::canonical(name, absent);
      if (!absent && file.filename().string().find(part) != std::string::npos) found.insert(file.string());
    }
    if (!found.empty()) return *found.begin();
  }
  return "built into LibTorch";
}

/// The model in a folder, or the encoders of a pipeline as they are before training.
InferenceModel model_to_time(const CommandLine& command, const std::string& path) {
  const auto device = device_from_name(command.get<std::string>("device"));
  if (std::filesystem::is_directory(path))
    return InferenceModel::load(path, load_catalog(command), device, {});
  const auto source = read_document(path, {});
  const auto catalog = load_catalog(command, plugin_folders(source));
  const auto pipeline = checked_pipeline(source, catalog, DatasetUse::unused);
  return untrained_model(
      catalog, pipeline, [](const EncoderSpec&) { return 0; }, device, {}, command.context());
}

std::string shape_text(const std::vector<int64_t>& shape) {
  std::string text;
  for (const auto size : shape) text += (text.empty() ? "" : " x ") + std::to_string(size);
  return text;
}

json encoder_bench(const CommandLine& command, const std::string& path) {
  const auto model = model_to_time(command, path);
  json encoders = json::array();
  for (const auto& speed : encoder_speeds(model, {1, 8, 32}, kBenchSeconds)) {
    json batches = json::array();
    for (const auto& one : speed.batches)
      batches.push_back({{"size", one.size}, {"samples_per_second", one.samples_per_second}});
    encoders.push_back(
        {{"encoder", speed.encoder}, {"input", shape_text(speed.input)}, {"batches", batches}});
  }
  return encoders;
}

void print_bench(const json& encoders) {
  for (const auto& one : encoders) {
    std::cout << fmt::format("{:<16}{}, samples of {}\n", "encoder", one["encoder"].get<std::string>(),
                             one["input"].get<std::string>());
    for (const auto& batch : one["batches"]) {
      std::cout << fmt::format("{:<16}batches of {:<4}{:>8.1f} samples/s\n", "", batch["size"].get<int64_t>(),
                               batch["samples_per_second"].get<double>());
    }
  }
}

int doctor_command(const CommandLine& command) {
  const auto path = plugin_search_path(command.list("plugins"), {});
  const auto catalog = Catalog::load(path);
  const double gigaflops = matrix_product_gigaflops();
  const bool slow = gigaflops < kSlowGigaflops * at::get_num_threads();
  json out = {{"kindred", KINDRED_SDK_VERSION},
              {"libtorch", TORCH_VERSION},
              {"sqlite", sqlite3_libversion()},
              {"compiler", build_tag().compiler},
              {"cpu", cpu_model()},
              {"cpu_features", cpu_features()},
              {"processors", usable_processors()},
              {"threads", at::get_num_threads()},
              {"waiting", waiting_text()},
              {"blas", blas_name()},
              {"matrix_product_gigaflops", gigaflops},
              {"blas_is_slow", slow},
              {"cuda", cuda_summary()},
              {"processes", group_support()},
              {"plugin_folders", path.folders},
              {"plugins", json::array()},
              {"refused", json::array()}};
  if (command.has("bench")) out["encoders"] = encoder_bench(command, command.get<std::string>("bench"));
  for (const auto& one : catalog.plugins()) {
    out["plugins"].push_back({{"id", one.id},
                              {"version", one.version},
                              {"license", one.license},
                              {"summary", one.summary},
                              {"file", one.file}});
  }
  for (const auto& one : catalog.rejected()) {
    out["refused"].push_back({{"file", one.file}, {"code", one.code}, {"message", one.message}});
  }
  if (command.json()) {
    std::cout << json_text(out, 2) << "\n";
    return kExitOk;
  }
  for (const char* key : {"kindred", "libtorch", "sqlite", "compiler", "cpu", "processors", "threads",
                          "waiting", "blas", "cuda", "processes"}) {
    std::cout << fmt::format("{:<16}{}\n", key,
                             out[key].is_string() ? out[key].get<std::string>() : json_text(out[key]));
  }
  std::string features;
  for (const auto& one : cpu_features()) features += one + " ";
  std::cout << fmt::format("{:<16}{}\n", "cpu features", features);
  std::cout << fmt::format(
      "{:<16}{:.0f} GFLOP/s float32{}\n", "matrix product", gigaflops,
      slow ? "  SLOW: is this the reference BLAS? On Debian: apt-get install libopenblas0-pthread" : "");
  if (out.contains("encoders")) print_bench(out["encoders"]);
  for (const auto& folder : path.folders) std::cout << fmt::format("{:<16}{}\n", "plugin folder", folder);
  for (const auto& one : catalog.plugins()) {
    std::cout << fmt::format("{:<16}{} {}  {}\n{:<16}{}\n", "plugin", one.id, one.version, one.file, "",
                             one.summary);
  }
  for (const auto& one : catalog.rejected()) {
    std::cout << fmt::format("{:<16}{}  {} {}\n", "refused", one.file, one.code, one.message);
  }
  return kExitOk;
}

const CommandBody kDoctor("doctor", &doctor_command);

}  // namespace
}  // namespace kindred::host
