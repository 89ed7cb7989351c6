#include <fmt/format.h>

#include <iostream>

#include "host/cli/command_line.hpp"
#include "host/loader/gate.hpp"
#include "host/support/exit_code.hpp"

namespace kindred::host {
using nlohmann::json;

int command_inspect(const std::vector<std::string>& arguments) {
  CommandLine command("inspect FILE",
                      "Reads the build tag of a plugin file. Nothing of the file is loaded or run.",
                      "host inspect my_loss.kindred.so");
  command.positional({"FILE"}, 1);
  if (!command.parse(arguments)) return kExitOk;
  const auto file = command.list("FILE").front();
  kindred_build_tag tag{};
  const auto refused = check_gate(file, tag);
  json out = {{"file", file}, {"accepted", !refused.has_value()}};
  if (tag.size != 0) {
    out["tag"] = {{"abi", fmt::format("{}.{}", tag.abi_major, tag.abi_minor)},
                  {"cxx_epoch", tag.cxx_epoch},
                  {"libtorch", fmt::format("{}.{}.{}", tag.torch_version / 1000000,
                                           tag.torch_version / 1000 % 1000, tag.torch_version % 1000)},
                  {"flags", tag.flags},
                  {"sdk", tag.sdk_version},
                  {"compiler", tag.compiler}};
  }
  if (refused) out["refusal"] = {{"code", refused->code}, {"message", refused->message}};
  if (command.json()) {
    std::cout << out.dump(2) << "\n";
  } else {
    std::cout << file << "\n";
    if (out.contains("tag")) {
      for (const auto& [key, value] : out["tag"].items()) {
        std::cout << fmt::format("  {:<10} {}\n", key,
                                 value.is_string() ? value.get<std::string>() : value.dump());
      }
    }
    std::cout << (refused ? "  refused: " + refused->code + " " + refused->message : "  fits this host")
              << "\n";
  }
  return refused ? kExitPlugin : kExitOk;
}

}  // namespace kindred::host
