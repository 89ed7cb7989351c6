#include "host/exchange/own_library.hpp"

#include <boost/dll/shared_library.hpp>

#include <filesystem>
#include <map>
#include <mutex>

#include "host/base/system_info.hpp"
#include "kindred/error.hpp"

namespace kindred::host {
namespace fs = std::filesystem;

std::string own_library_file(const std::string& name) {
  const auto folder = fs::path(executable_folder()) / ".." / "lib" / "kindred";
  return (folder / ("libkindred_" + name + ".so")).lexically_normal().string();
}

bool has_own_library(const std::string& name) { return fs::exists(own_library_file(name)); }

void* own_library_symbol(const std::string& name, const char* symbol, const std::string& advice) {
  static std::mutex access;
  static std::map<std::string, boost::dll::shared_library> libraries;
  const std::lock_guard<std::mutex> one(access);
  try {
    auto& library = libraries[name];
    if (!library.is_loaded()) {
      library.load(fs::path(own_library_file(name)),
                   boost::dll::load_mode::rtld_now | boost::dll::load_mode::rtld_local);
    }
    return &library.get<char>(symbol);
  } catch (const std::exception& error) {
    throw Error(std::string(error.what()) + "; " + advice);
  }
}

}  // namespace kindred::host
