#include <algorithm>
#include <cctype>
#include <filesystem>
#include <iostream>
#include <regex>

#include "host/base/exit_code.hpp"
#include "host/base/system_info.hpp"
#include "host/base/text.hpp"
#include "host/cli/command_body.hpp"
#include "host/cli/command_line.hpp"
#include "kindred/error.hpp"
#include "kindred/io/file.hpp"
#include "kindred/io/json_text.hpp"
#include "kindred/params.hpp"

namespace kindred::host {
namespace fs = std::filesystem;
using nlohmann::json;
namespace {

constexpr const char* kComponentSource = "component.cpp";  // becomes <name>.cpp

/// `common` and a folder per kind; beside the installed or built program.
fs::path templates_folder() {
  return fs::path(executable_folder()) / ".." / "share" / "kindred" / "templates";
}

std::vector<std::string> kinds_in(const fs::path& templates) {
  std::vector<std::string> kinds;
  if (!fs::is_directory(templates)) {
    throw Error(templates.lexically_normal().string() +
                " is missing; it comes with the host: install or build Kindred again");
  }
  for (const auto& entry : fs::directory_iterator(templates)) {
    const auto name = entry.path().filename().string();
    if (entry.is_directory() && name != "common") kinds.push_back(name);
  }
  std::sort(kinds.begin(), kinds.end());
  return kinds;
}

/// Turns my_loss into MyLoss.
std::string class_name(const std::string& name) {
  std::string out;
  bool word_starts = true;
  for (const char c : name) {
    if (c != '_') out += word_starts ? static_cast<char>(std::toupper(static_cast<unsigned char>(c))) : c;
    word_starts = c == '_';
  }
  return out;
}

void check_word(const std::string& option, const std::string& word) {
  for (const auto* reserved : {"all", "clean", "help", "install", "package", "test", "torch"}) {
    if (word == reserved)
      throw UsageError(option + " is \"" + word + "\", which CMake keeps for itself; take another");
  }
  if (std::regex_match(word, std::regex("[a-z][a-z0-9_]*"))) return;
  throw UsageError(option + " is \"" + word +
                   "\"; it becomes part of an id and of file names: take a-z, 0-9 and _, a letter first");
}

std::string filled(std::string text, const std::vector<std::pair<std::string, std::string>>& values) {
  for (const auto& [key, value] : values) {
    for (size_t at = text.find(key); at != std::string::npos; at = text.find(key, at + value.size())) {
      text.replace(at, key.size(), value);
    }
  }
  return text;
}

int new_plugin_command(const CommandLine& command) {
  const auto templates = templates_folder();
  const auto kinds = kinds_in(templates);
  const auto kind = command.has("kind") ? command.get<std::string>("kind") : "";
  if (std::find(kinds.begin(), kinds.end(), kind) == kinds.end()) {
    const auto close = closest_name(kind, kinds);
    throw UsageError((kind.empty() ? std::string("--kind KIND is missing")
                                   : "--kind is \"" + kind + "\", which is no kind of component") +
                     (close.empty() ? "" : "; did you mean \"" + close + "\"?") +
                     "; there are: " + joined(kinds));
  }
  if (!command.has("name")) throw UsageError("--name NAME is missing; for example --name my_" + kind);
  const auto name = command.get<std::string>("name"), vendor = command.get<std::string>("vendor");
  check_word("--name", name);
  check_word("--vendor", vendor);
  const fs::path folder = command.list("DIR").front();
  if (fs::exists(folder) && !(fs::is_directory(folder) && fs::is_empty(folder))) {
    throw UsageError(folder.string() +
                     " exists and is not an empty folder; nothing was written, name another");
  }

  json written = json::array();
  for (const auto* part : {"common", kind.c_str()}) {
    for (const auto& entry : fs::recursive_directory_iterator(templates / part)) {
      if (!entry.is_regular_file()) continue;
      auto target = folder / fs::relative(entry.path(), templates / part);
      if (target.filename() == kComponentSource) target.replace_filename(name + ".cpp");
      fs::create_directories(target.parent_path());
      write_file_atomically(target.string(),
                            filled(read_file(entry.path().string()), {{"KINDRED_NAME", name},
                                                                      {"KINDRED_CLASS", class_name(name)},
                                                                      {"KINDRED_KIND", kind},
                                                                      {"KINDRED_VENDOR", vendor}}));
      written.push_back(target.string());
    }
  }
  if (command.json()) {
    std::cout << json_text({{"folder", folder.string()}, {"files", written}}, 2) << "\n";
    return kExitOk;
  }
  const auto prefix = fs::path(executable_folder()).parent_path();
  const bool installed = fs::exists(prefix / "lib/cmake/Kindred");
  std::cout << "wrote " << written.size() << " files to " << folder.string()
            << "; build and test it with\n\n  cmake -S " << folder.string() << " -B "
            << (folder / "build").string()
            << " -DCMAKE_PREFIX_PATH=" << (installed ? prefix.string() : "PREFIX") << " && cmake --build "
            << (folder / "build").string() << "\n  ctest --test-dir " << (folder / "build").string()
            << " --output-on-failure\n";
  if (!installed) {
    std::cout << "\nwhere PREFIX is an installed Kindred: cmake --install " << prefix.string()
              << " --prefix PREFIX\n";
  }
  return kExitOk;
}

const CommandBody kNewPlugin("new-plugin", &new_plugin_command);

}  // namespace
}  // namespace kindred::host
