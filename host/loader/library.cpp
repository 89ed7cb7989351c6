#include "host/loader/library.hpp"

#include <cxxabi.h>

#include <boost/dll/runtime_symbol_info.hpp>
#include <boost/dll/shared_library.hpp>
#include <cstdlib>
#include <memory>
#include <stdexcept>

namespace kindred::host {

namespace {

/// Boost wraps the dynamic linker's sentence: "... (dlerror system message: TEXT): Bad file descriptor".
std::string linker_sentence(const std::string& what) {
  const std::string opening = "dlerror system message: ";
  const auto begin = what.find(opening);
  const auto end = what.rfind("): ");
  if (begin == std::string::npos || end == std::string::npos || end < begin) return what;
  return what.substr(begin + opening.size(), end - begin - opening.size());
}

/// Adds the readable name of a missing C++ symbol.
std::string with_readable_symbol(const std::string& text) {
  const auto begin = text.find("_Z");
  if (begin == std::string::npos) return text;
  const auto symbol = text.substr(begin, text.find_first_of(" ,;()", begin) - begin);
  int status = 0;
  const std::unique_ptr<char, void (*)(void*)> name(
      abi::__cxa_demangle(symbol.c_str(), nullptr, nullptr, &status), std::free);
  return status == 0 && name ? text + " (" + name.get() + ")" : text;
}

}  // namespace

const kindred_plugin* open_library(const std::string& path) {
  constexpr const char* kSymbol = "kindred_plugin_v1";
  try {
    using namespace boost::dll;
    // Leaked on purpose: the library must stay mapped until the process ends.
    auto* library =
        new shared_library(std::filesystem::path(path), load_mode::rtld_now | load_mode::rtld_local);
    return library->has(kSymbol) ? &library->get<const kindred_plugin>(kSymbol) : nullptr;
  } catch (const std::exception& e) {
    throw std::runtime_error(with_readable_symbol(linker_sentence(e.what())));
  }
}

std::string program_path() { return boost::dll::program_location().string(); }

}  // namespace kindred::host
