// Conditions of a search, as a stranger may give them. Beyond a crash it is a finding when one changes the
// items, finds a removed one, gives another answer the second time, or takes longer than it may.
#include "host/index/where.hpp"

#include <ATen/ATen.h>
#include <sqlite3.h>

#include <chrono>
#include <cstdlib>

#include "fuzz_target.hpp"
#include "host/index/item_table.hpp"
#include "kindred/error.hpp"
#include "tests/support/temporary_folder.hpp"

namespace kindred::fuzz {
namespace {
using namespace kindred::host;

constexpr int64_t kItems = 8, kRemoved = 3;
constexpr double kAllowedSeconds = 2, kAbortSeconds = 20;  // a sanitizer and a busy machine make all slower

/// The metadata of a small index, of which one item is removed.
class Items {
 public:
  Items() {
    Database database(path(), Database::Use::create);
    ItemTable table(database);
    table.create();
    std::vector<Item> items;
    for (int64_t i = 0; i < kItems; ++i) {
      Item item;
      item.id = "item " + std::to_string(i);
      item.path = "/photos/" + std::to_string(i) + ".jpg";
      item.label = i % 3;
      item.class_name = i % 3 == 0 ? "cup" : "saucer";
      item.columns = {{"make", i % 2 == 0 ? "BMW" : "Škoda"}, {"year", 2008 + i}, {"price", 0.5 * double(i)}};
      if (i == kItems - 1) item.columns["odd name"] = "it's";
      items.push_back(item);
    }
    table.append(0, items, Existing::refuse);
    table.remove({"item " + std::to_string(kRemoved)});
    names_ = table.columns();
  }
  std::string path() const { return folder_ / "items.sqlite"; }
  const std::vector<std::string>& names() const { return names_; }

 private:
  kindred::testing::TemporaryFolder folder_{"where_fuzzer"};
  std::vector<std::string> names_;
};

at::Tensor selected(const Items& items, const std::string& expression) {
  Database database(items.path(), Database::Use::read);
  auto mask = at::zeros({kItems}, at::kBool);
  const auto start = std::chrono::steady_clock::now();
  const auto check = [&] {
    const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - start;
    if (taken.count() > kAbortSeconds || sqlite3_total_changes(database.handle()) != 0) std::abort();
  };
  try {
    select_where(database, expression, items.names(), mask, kAllowedSeconds);
  } catch (const Error&) {
    check();
    throw;
  }
  check();
  if (mask[kRemoved].item<bool>()) std::abort();
  return mask;
}

}  // namespace

KINDRED_FUZZ_TARGET(where) {
  static const Items items;
  const std::string expression(reinterpret_cast<const char*>(data), size);
  try {
    const auto mask = selected(items, expression);
    if (!at::equal(selected(items, expression), mask)) std::abort();
    return true;
  } catch (const Error&) {
    return false;
  }
}

}  // namespace kindred::fuzz
