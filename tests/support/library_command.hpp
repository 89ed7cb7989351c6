#pragma once

#include <dlfcn.h>
#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <map>
#include <string>
#include <vector>

namespace kindred::testing {

/// The commands that compute, and the library of the host that has them.
inline const std::map<std::string, std::string>& library_commands() {
  static const std::map<std::string, std::string> all = {
      {"run", "engine"},    {"evaluate", "engine"}, {"validate", "engine"},
      {"compare", "tools"}, {"dedup", "tools"},     {"embed", "tools"},
      {"index", "tools"},   {"search", "tools"},    {"serve", "tools"}};
  return all;
}

/// Says whether a forked child may do without the program. A test has LibTorch already, and loading it again
/// is most of what a short command takes. With several threads a child would wait for those that the test
/// has. ctest gives tests one; run by hand they start the program itself.
inline bool is_library_command(const std::vector<std::string>& arguments) {
  const char* threads = std::getenv("OMP_NUM_THREADS");
  return threads != nullptr && std::string(threads) == "1" && !arguments.empty() &&
         library_commands().count(arguments[0]) != 0;
}

/// Loads, once for all commands that a test runs, what most of their plugins need.
inline void load_opencv() {
#ifdef KINDRED_TEST_OPENCV
  static void* const library = ::dlopen(KINDRED_TEST_OPENCV, RTLD_NOW | RTLD_LOCAL);
  (void)library;  // where it cannot be loaded the plugins say so
#endif
}

/// Does in this process what the program would do: loads the library, calls it and ends.
[[noreturn]] inline void run_library_command(const std::vector<std::string>& arguments) {
  const auto folder = std::filesystem::path(KINDRED_TEST_HOST).parent_path() / "../lib/kindred";
  const auto path = folder / ("libkindred_" + library_commands().at(arguments[0]) + ".so");
  void* library = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  void* found = library == nullptr ? nullptr : ::dlsym(library, "kindred_library_main");
  if (found == nullptr) {
    std::cerr << ::dlerror() << std::endl;
    ::_exit(127);
  }
  std::vector<const char*> words;
  for (const auto& one : arguments) words.push_back(one.c_str());
  const auto call = reinterpret_cast<int (*)(int, const char* const*)>(found);
  const int status = call(static_cast<int>(words.size()), words.data());
  std::cout.flush();
  std::fflush(nullptr);
  ::_exit(status);  // what the test has is the test's
}

/// Does in this process what the program would do, as the library where it can and as the program itself
/// where not. A child that was forked for a command calls it.
[[noreturn]] inline void become_command(const std::vector<std::string>& arguments) {
  if (is_library_command(arguments)) run_library_command(arguments);
  std::vector<char*> words = {const_cast<char*>(KINDRED_TEST_HOST)};
  for (const auto& one : arguments) words.push_back(const_cast<char*>(one.c_str()));
  words.push_back(nullptr);
  ::execv(KINDRED_TEST_HOST, words.data());
  ::_exit(127);
}

/// Makes a file what this process reads or writes by a descriptor.
inline void redirect(const std::string& path, int flags, int descriptor) {
  const int file = ::open(path.c_str(), flags, 0644);
  ::dup2(file, descriptor);
  ::close(file);
}

}  // namespace kindred::testing
