#include <fmt/format.h>

#include <iostream>
#include <optional>

#include "host/base/exit_code.hpp"
#include "host/cli/command_body.hpp"
#include "host/cli/command_line.hpp"
#include "host/loader/gate.hpp"
#include "host/loader/registration.hpp"
#include "kindred/io/json_text.hpp"

namespace kindred::host {
using nlohmann::json;
namespace {

void print(const std::string& file, const json& out, const std::optional<RejectedPlugin>& refused) {
  std::cout << file << "\n";
  if (out.contains("tag")) {
    for (const auto& [key, value] : out["tag"].items()) {
      std::cout << fmt::format("  {:<10} {}\n", key,
                               value.is_string() ? value.get<std::string>() : json_text(value));
    }
  }
  for (const auto& one : out.contains("components") ? out["components"] : out["offers"]) {
    std::cout << fmt::format("  {:<14} {} {}: {}\n", one["kind"].get<std::string>(),
                             one["id"].get<std::string>(), one["version"].get<std::string>(),
                             one["summary"].get<std::string>());
    if (!one.contains("params")) continue;
    for (const auto& [name, field] : one["params"]["properties"].items()) {
      std::cout << fmt::format("      {} = {}  {}\n", name,
                               field.contains("default") ? json_text(field["default"]) : "(required)",
                               field.value("description", ""));
    }
  }
  std::cout << (refused ? "  refused: " + refused->code + " " + refused->message : "  fits this host")
            << "\n";
}

int inspect_command(const CommandLine& command) {
  const auto file = command.list("FILE").front();
  PluginNotes notes{};
  auto refused = check_gate(file, notes);
  const auto& tag = notes.tag;
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
  out["offers"] = json::array();
  for (const auto& one : notes.offers) {
    out["offers"].push_back(
        {{"kind", one.kind}, {"id", one.id}, {"version", one.version}, {"summary", one.summary}});
  }
  if (!refused && !notes.offers.empty()) {
    try {
      registration_of_notes(file, notes);
    } catch (const RejectedPlugin& refusal) {
      refused = refusal;
      out["accepted"] = false;
    }
  }
  if (!refused && command.has("load")) {
    const auto catalog = Catalog::load_file(file);
    if (!catalog.rejected().empty()) refused = catalog.rejected().front();
    out["accepted"] = !refused.has_value();
    out["components"] = json::array();
    for (const auto& info : catalog.components()) {
      out["components"].push_back({{"kind", info.kind},
                                   {"id", info.id},
                                   {"version", info.version},
                                   {"summary", info.summary},
                                   {"params", info.schema}});
    }
  }
  if (refused) out["refusal"] = {{"code", refused->code}, {"message", refused->message}};
  if (command.json()) {
    std::cout << json_text(out, 2) << "\n";
  } else {
    print(file, out, refused);
  }
  return refused ? kExitPlugin : kExitOk;
}

const CommandBody kInspect("inspect", &inspect_command);

}  // namespace
}  // namespace kindred::host
