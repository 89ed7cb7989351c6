#include "host/cli/library_command.hpp"

#include <boost/dll/shared_library.hpp>
#include <cstdlib>
#include <thread>

#include "host/base/processors.hpp"
#include "host/base/system_info.hpp"
#include "kindred/error.hpp"

namespace kindred::host {
namespace {

std::filesystem::path library_path(CommandLibrary library) {
  const auto* name = library == CommandLibrary::engine ? "libkindred_engine.so" : "libkindred_tools.so";
  return (std::filesystem::path(executable_folder()) / ".." / "lib" / "kindred" / name).lexically_normal();
}

}  // namespace

int run_library_command(CommandLibrary library, const std::vector<std::string>& arguments) {
  const auto path = library_path(library);
  if (library == CommandLibrary::tools && !std::filesystem::exists(path)) {
    throw Error(
        "`host " + arguments.at(0) + "` is in " + path.string() +
        ", which is not there: the quickstart builds what trains and measures alone; build the rest with "
        "`cmake --build build/release --parallel 2`, or install Kindred again");
  }
  // OpenMP asks which processors a process may run on, and not how much of them its control group may use.
  const auto processors = usable_processors();
  constexpr int kKeep = 0;
  if (processors < static_cast<int64_t>(std::thread::hardware_concurrency()))
    ::setenv("OMP_NUM_THREADS", std::to_string(processors).c_str(), kKeep);
  // Stays mapped until the process ends, as plugins and LibTorch do.
  static boost::dll::shared_library loaded;
  try {
    loaded.load(path, boost::dll::load_mode::rtld_now | boost::dll::load_mode::rtld_local);
  } catch (const std::exception& error) {
    throw Error(
        std::string(error.what()) + "; " + path.string() +
        " comes with the host and needs LibTorch where it was when Kindred was built: build or install "
        "Kindred again");
  }
  std::vector<const char*> words;
  for (const auto& one : arguments) words.push_back(one.c_str());
  return loaded.get<int(int, const char* const*)>("kindred_library_main")(static_cast<int>(words.size()),
                                                                          words.data());
}

}  // namespace kindred::host
