#pragma once

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <memory>
#include <string>
#include <utility>

#include "host/contracts/contracts.hpp"
#include "host/loader/guarded_call.hpp"

/// What the contracts of all kinds are made of; for their .cpp files only.
namespace kindred::host {

/// Calls of one component: whatever goes wrong in them is told with its name.
class ComponentCalls {
 public:
  explicit ComponentCalls(const ComponentInfo& info) : plugin_(info.plugin_id), component_(info.id) {}

  [[noreturn]] void broke(const std::string& phase, const std::string& message) const {
    throw PluginError(plugin_, component_, phase, message);
  }
  template <class Fn>
  decltype(auto) call(const char* phase, Fn&& fn) const {
    return guard(plugin_, component_, phase, std::forward<Fn>(fn));
  }
  RunningCall running(const char* phase) const {
    return RunningCall(plugin_.c_str(), component_.c_str(), phase);
  }

 private:
  std::string plugin_, component_;  // copies: the object may outlive the catalog
};

/// The component and its name; each contract overrides what it checks or names.
template <class Interface>
class Contract : public Interface {
 public:
  Contract(std::shared_ptr<Interface> inner, const ComponentInfo& info)
      : inner_(std::move(inner)), calls_(info) {}

 protected:
  std::shared_ptr<Interface> inner_;
  ComponentCalls calls_;
};

inline bool is_image(const at::Tensor& x) {
  return x.defined() && x.dim() == 3 && x.size(2) == 3 && x.scalar_type() == at::kByte && x.is_cpu();
}

inline bool is_row_list(const at::Tensor& x) {
  return x.defined() && x.dim() == 1 && x.scalar_type() == at::kLong && x.is_cpu();
}

/// Names the first entry outside [0, rows), or nothing.
inline std::string outside(const at::Tensor& list, int64_t rows) {
  const auto wrong = at::logical_or(list.lt(0), list.ge(rows)).nonzero();
  if (wrong.size(0) == 0) return "";
  return fmt::format("gave row {} of {} rows (0 to {})", list[wrong[0].item<int64_t>()].item<int64_t>(), rows,
                     rows - 1);
}

}  // namespace kindred::host
