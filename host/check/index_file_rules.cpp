#include <ATen/ATen.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "host/check/child_process.hpp"
#include "host/check/examples/index_examples.hpp"
#include "host/check/rule.hpp"
#include "kindred/io/file.hpp"
#include "kindred/io/npy.hpp"

namespace kindred::host {
namespace {
namespace fs = std::filesystem;

constexpr int64_t kRows = 300, kQueries = 20, kNearest = 5;
constexpr int kSeconds = 60;

/// A folder that goes with the object.
class Folder {
 public:
  Folder() {
    auto name = (fs::temp_directory_path() / "kindred_check_XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("no folder can be made: " + name);
    path_ = name;
  }
  ~Folder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  fs::path operator/(const std::string& name) const { return path_ / name; }

 private:
  fs::path path_;
};

/// What the processes that save and load agree about, without a word between them.
struct Case {
  Distance distance;
  IndexExample example;
};
Case the_case(const Subject& subject) {
  const auto distance = distance_from_name(distances_of(subject).front());
  return {distance, index_example(kRows, kQueries, distance)};
}

void save_into(const Subject& subject, const Case& of, const fs::path& folder) {
  fs::create_directory(folder);
  built(subject, of.example.rows, of.distance)->save(folder.string());
}

std::vector<std::string> files_in(const fs::path& folder) {
  std::vector<std::string> files;
  for (const auto& entry : fs::directory_iterator(folder)) files.push_back(entry.path().filename().string());
  std::sort(files.begin(), files.end());
  return files;
}

void saved_is_loaded_elsewhere(const Subject& subject) {
  const Folder folder;
  // Nothing of LibTorch ran here, so that each half may have a process of its own.
  const auto part = [&](const std::function<void()>& work) {
    const auto outcome = run_in_child(work, kSeconds);
    require(outcome.succeeded, "{}", outcome.text);
  };
  part([&] {
    const auto of = the_case(subject);
    const auto index = built(subject, of.example.rows, of.distance);
    fs::create_directory(folder / "index");
    index->save((folder / "index").string());
    write_npy((folder / "rows.npy").string(), index->search(of.example.queries, {kNearest}).rows);
  });
  part([&] {
    const auto of = the_case(subject);
    const auto index = subject.make<Index>();
    index->load((folder / "index").string(), of.example.rows, of.distance);
    const auto found = index->search(of.example.queries, {kNearest});
    require_well_formed(found, kQueries, kRows, {kNearest});
    require(at::equal(found.rows, map_npy((folder / "rows.npy").string())),
            "finds other rows when it was saved and then loaded by another process");
  });
}

/// The sentence of a refusal, or "" where the index was loaded. Then it is searched, also among candidates:
/// what it finds may be wrong, but the rows must be rows.
std::string refusal(const Subject& subject, const Case& of, const fs::path& folder, const std::string& what) {
  const auto index = subject.make<Index>();
  try {
    index->load(folder.string(), of.example.rows, of.distance);
  } catch (const std::exception& error) {
    return error.what();
  }
  for (const auto& candidates : {at::Tensor(), at::arange(kRows, at::kLong).remainder(3).eq(0)}) {
    const auto found = index->search(of.example.queries, {kNearest, candidates});
    const auto there = found.rows.masked_select(found.rows.ge(0));
    require(there.lt(kRows).all().item<bool>() &&
                (!candidates.defined() || candidates.index_select(0, there).all().item<bool>()),
            "loads {} and finds rows that are not there, or that are no candidates", what);
  }
  return "";
}

void must_refuse(const Subject& subject, const Case& of, const fs::path& folder, const std::string& file,
                 const std::string& what) {
  const auto sentence = refusal(subject, of, folder, what);
  require(!sentence.empty(), "loads {}", what);
  require(sentence.find(file) != std::string::npos,
          "refuses {} with the sentence \"{}\", which does not name it", what, sentence);
}

void damage_is_refused(const Subject& subject) {
  const Folder folder;
  const auto of = the_case(subject);
  const auto index = folder / "index";
  save_into(subject, of, index);
  for (const auto& file : files_in(index)) {
    const auto path = index / file;
    const auto whole = read_file(path.string());
    const auto put = [&](const std::string& bytes) {
      std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
    };
    for (const auto part : {size_t{0}, whole.size() / 2, whole.size() - 1}) {
      if (part >= whole.size()) continue;
      put(whole.substr(0, part));
      must_refuse(subject, of, index, file,
                  fmt::format("{} cut to {} of {} bytes", file, part, whole.size()));
    }
    fs::remove(path);
    must_refuse(subject, of, index, file, "an index without " + file);
    // Every byte of the beginning, where the lengths are, and some of the rest.
    for (size_t place = 0; place < whole.size(); place += place < 256 ? 1 : 1 + whole.size() / 256) {
      for (const char bits : {'\x80', '\x01', '\xFF'}) {
        auto changed = whole;
        changed[place] = static_cast<char>(changed[place] ^ bits);
        put(changed);
        refusal(subject, of, index, fmt::format("{} with another byte {}", file, place));
      }
    }
    put(whole);
  }
}

void other_rows_are_refused(const Subject& subject) {
  const Folder folder;
  const auto of = the_case(subject);
  save_into(subject, of, folder / "index");
  if (files_in(folder / "index").empty()) return;  // it goes by the rows alone
  const auto& rows = of.example.rows->all();
  for (const auto& [what, other] :
       {std::pair{"one row more", at::cat({rows, rows.slice(0, 0, 1)})},
        {"one row less", rows.slice(0, 1).contiguous()},
        {"rows of half the dimension", rows.slice(1, 0, Subject::kDimension / 2).contiguous()}}) {
    const auto index = subject.make<Index>();
    try {
      index->load((folder / "index").string(), std::make_shared<HeldRows>(other), of.distance);
    } catch (const std::exception&) {
      continue;
    }
    require(false, "loads what was built over other rows: with {}", what);
  }
}

}  // namespace

std::vector<Rule> index_file_rules() {
  return {
      {"saved_is_loaded_elsewhere", "what one process saved another loads and finds the same rows by",
       saved_is_loaded_elsewhere},
      {"damage_is_refused",
       "files that are missing or cut are refused by name, changed ones refused or searched without harm",
       damage_is_refused},
      {"other_rows_are_refused", "files that were built over other rows are refused", other_rows_are_refused},
  };
}

}  // namespace kindred::host
