#include "host/loader/gate.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <iterator>
#include <stdexcept>

#include "host/base/system_info.hpp"
#include "kindred/abi/build_tag.hpp"

namespace kindred::host {

namespace {

constexpr const char* kTrustVariable = "KINDRED_TRUST_WRITABLE_PLUGINS";

template <size_t Size>
std::string printable(const char (&text)[Size]) {
  std::string out(text, strnlen(text, Size));
  make_printable(out.data());
  return out.empty() ? "unknown" : out;
}

std::string boundary_version(const kindred_build_tag& tag) {
  return std::to_string(tag.abi_major) + "." + std::to_string(tag.abi_minor);
}

std::string torch_version(const kindred_build_tag& tag) {
  return std::to_string(tag.torch_version / 1000000) + "." + std::to_string(tag.torch_version / 1000 % 1000);
}

std::string flag_names(uint32_t flags) {
  std::string out;
  const auto add = [&](uint32_t flag, const char* name) {
    if ((flags & flag) != 0) out += (out.empty() ? "" : ", ") + std::string(name);
    flags &= ~flag;
  };
  add(KINDRED_FLAG_CXX11_ABI, "_GLIBCXX_USE_CXX11_ABI=1");
  add(KINDRED_FLAG_ASAN, "address sanitizer");
  add(KINDRED_FLAG_TSAN, "thread sanitizer");
  add(KINDRED_FLAG_DEBUG_STL, "_GLIBCXX_DEBUG");
  if (flags != 0) out += (out.empty() ? "" : ", ") + ("unknown flags " + std::to_string(flags));
  return out.empty() ? "none" : out;
}

RejectedPlugin refused(const std::string& file, const char* code, std::string message) {
  return {file, code, std::move(message), "", "", "gate"};
}

}  // namespace

std::optional<RejectedPlugin> compare_tags(const std::string& file, const kindred_build_tag& theirs,
                                           const kindred_build_tag& ours) {
  const auto built = file + " was built for ";
  const auto sdk = "SDK " + printable(ours.sdk_version);
  const auto with_sdk = " (SDK " + printable(theirs.sdk_version) + ", " + printable(theirs.compiler) +
                        ", __GXX_ABI_VERSION " + std::to_string(theirs.gxx_abi) + ")";
  if (theirs.abi_major != ours.abi_major) {
    return refused(file, "KDP003",
                   built + "plugin boundary " + boundary_version(theirs) + with_sdk + "; this host speaks " +
                       boundary_version(ours) + ": rebuild the plugin with " + sdk);
  }
  if (theirs.abi_minor > ours.abi_minor) {
    return refused(file, "KDP004",
                   built + "the newer plugin boundary " + boundary_version(theirs) + with_sdk +
                       "; this host speaks " + boundary_version(ours) +
                       ": use a newer host, or rebuild the plugin with " + sdk);
  }
  if (theirs.cxx_epoch != ours.cxx_epoch) {
    return refused(file, "KDP005",
                   built + "C++ interfaces of revision " + std::to_string(theirs.cxx_epoch) + with_sdk +
                       "; this host has revision " + std::to_string(ours.cxx_epoch) +
                       ": rebuild the plugin with " + sdk);
  }
  if (theirs.torch_version / 1000 != ours.torch_version / 1000) {
    return refused(file, "KDP006",
                   built + "LibTorch " + torch_version(theirs) + with_sdk + "; this host uses LibTorch " +
                       torch_version(ours) + ": rebuild the plugin with the host's LibTorch");
  }
  if (theirs.flags != ours.flags) {
    return refused(file, "KDP007",
                   file + " was built with the flags: " + flag_names(theirs.flags) + with_sdk +
                       "; this host was built with: " + flag_names(ours.flags) +
                       "; rebuild the plugin with the host's flags");
  }
  return std::nullopt;
}

namespace {

/// Around the clause of an ElfRefusal: the sentence begins with the file's name and `lead`, and ends with
/// what to do.
struct RefusalFrame {
  const char *code, *lead, *advice;
};
constexpr const char* kNoPlugin = " is a shared library but no plugin that can be trusted to fit: ";
constexpr const char* kOneTag =
    "exactly one tag is expected: build it with kindred_add_plugin, with one KINDRED_PLUGIN in its sources, "
    "and do not strip its notes";
constexpr const char* kBuildWithSdk = "build it with kindred_add_plugin and the macros of the SDK";
constexpr RefusalFrame kRefusalFrames[] = {
    {"KDP001", " ",
     "a plugin is a shared object built for this machine: rebuild it, or remove the file from the folder"},
    {"KDP002", kNoPlugin, kOneTag},
    {"KDP014", " ", "copy or build it again"},
    {"KDP015", " ", "build it for this machine"},
    {"KDP016", kNoPlugin, kOneTag},
    {"KDP017", kNoPlugin, kBuildWithSdk},
    {"KDP019", kNoPlugin, kBuildWithSdk}};

RejectedPlugin refused_by_elf(const std::string& file, const ElfRefusal& refusal) {
  const auto frame =
      std::find_if(std::begin(kRefusalFrames), std::end(kRefusalFrames),
                   [&](const RefusalFrame& one) { return std::strcmp(one.code, refusal.code) == 0; });
  if (frame == std::end(kRefusalFrames)) throw std::logic_error(refusal.code);
  return refused(file, refusal.code, file + frame->lead + refusal.what() + "; " + frame->advice);
}

/// Whoever may write the file, or put another in its place, could run code as this user.
std::optional<RejectedPlugin> check_not_writable(const std::string& file) {
  const char* trusted = std::getenv(kTrustVariable);
  if (trusted != nullptr && std::string(trusted) == "1") return std::nullopt;
  std::error_code failed;
  const auto real = std::filesystem::canonical(file, failed);  // not the link, and with its folder
  for (const auto& path : {real.string(), real.parent_path().string()}) {
    struct stat status {};
    if (path.empty() || ::stat(path.c_str(), &status) != 0 || (status.st_mode & S_IWOTH) == 0) continue;
    return refused(file, "KDP018",
                   file + " is not loaded since every user of this machine may write to " + path +
                       "; run chmod o-w " + path + ", or set " + kTrustVariable +
                       "=1 to trust it all the same");
  }
  return std::nullopt;
}

/// Returns "libc10.so" for "libc10.so.1.13".
std::string without_version(const std::string& name) {
  const auto suffix = name.find(".so");
  return suffix == std::string::npos ? name : name.substr(0, suffix + 3);
}

}  // namespace

std::optional<RejectedPlugin> compare_libraries(const std::string& file,
                                                const std::vector<std::string>& needed,
                                                const std::vector<std::string>& mapped) {
  for (const auto& name : needed) {
    const auto stem = without_version(name);
    if (stem != "libtorch_cpu.so" && stem != "libc10.so") continue;
    // The dynamic linker takes what is mapped under the very same name, and looks for another file otherwise.
    const auto base = [](const std::string& path) { return path.substr(path.rfind('/') + 1); };
    const auto named = [&](const std::string& path) { return base(path) == name; };
    const auto alike = [&](const std::string& path) { return without_version(base(path)) == stem; };
    const auto other = std::find_if(mapped.begin(), mapped.end(), alike);
    if (other == mapped.end() || std::any_of(mapped.begin(), mapped.end(), named)) continue;
    return refused(
        file, "KDP008",
        file + " needs " + name + ", but this host uses " + *other +
            ": a second LibTorch would end the process; rebuild the plugin with the host's LibTorch");
  }
  return std::nullopt;
}

std::optional<RejectedPlugin> check_gate(const std::string& file, PluginNotes& notes) {
  try {
    notes = read_notes(file);
  } catch (const ElfRefusal& refusal) {
    return refused_by_elf(file, refusal);
  }
  if (auto writable = check_not_writable(file)) return writable;
  if (auto other = compare_tags(file, notes.tag, build_tag())) return other;
  return compare_libraries(file, notes.needed, mapped_libraries());
}

}  // namespace kindred::host
