#include "host/cli/engine_library.hpp"

#include <boost/dll/shared_library.hpp>
#include <cstdlib>
#include <thread>

#include "host/base/processors.hpp"
#include "host/base/system_info.hpp"
#include "kindred/error.hpp"

namespace kindred::host {

int run_engine_command(const std::vector<std::string>& arguments) {
  const auto path =
      std::filesystem::path(executable_folder()) / ".." / "lib" / "kindred" / "libkindred_engine.so";
  // OpenMP asks which processors a process may run on, and not how much of them its control group may use.
  const auto processors = usable_processors();
  constexpr int kKeep = 0;
  if (processors < static_cast<int64_t>(std::thread::hardware_concurrency()))
    ::setenv("OMP_NUM_THREADS", std::to_string(processors).c_str(), kKeep);
  // Stays mapped until the process ends, as plugins and LibTorch do.
  static boost::dll::shared_library library;
  try {
    library.load(path, boost::dll::load_mode::rtld_now | boost::dll::load_mode::rtld_local);
  } catch (const std::exception& error) {
    throw Error(
        std::string(error.what()) + "; " + path.lexically_normal().string() +
        " comes with the host and needs LibTorch where it was when Kindred was built: build or install "
        "Kindred again");
  }
  std::vector<const char*> words;
  for (const auto& one : arguments) words.push_back(one.c_str());
  return library.get<int(int, const char* const*)>("kindred_engine_main")(static_cast<int>(words.size()),
                                                                          words.data());
}

}  // namespace kindred::host
