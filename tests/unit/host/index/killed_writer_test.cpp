#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <random>

#include "host/index/verify_index.hpp"
#include "made_index.hpp"
#include "temporary_folder.hpp"

namespace kindred::host {
namespace {
using testing::ExpectedItems;

constexpr int kKills = 50;

/// The program that writes an index, until it is killed.
class WriterProcess {
 public:
  /// `mode`: "whiten", or null.
  explicit WriterProcess(const std::string& folder, const char* mode = nullptr) {
    int ends[2];
    if (::pipe(ends) != 0) throw Error("no pipe");
    pid_ = ::fork();
    if (pid_ == 0) {
      ::dup2(ends[1], 1);
      ::close(ends[0]);
      ::close(ends[1]);
      ::execl(KINDRED_INDEX_WRITER, KINDRED_INDEX_WRITER, folder.c_str(), mode, nullptr);
      ::_exit(127);
    }
    ::close(ends[1]);
    said_ = ends[0];
  }
  ~WriterProcess() { ::close(said_); }

  /// Waits for its first commit, kills it so many microseconds later, and returns how many commits it said
  /// to have made, -1: it ended by itself.
  int64_t kill_after(unsigned microseconds) {
    std::string text(1, '\0');
    if (::read(said_, text.data(), 1) != 1) text.clear();
    ::usleep(microseconds);
    ::kill(pid_, SIGKILL);
    int status = 0;
    ::waitpid(pid_, &status, 0);
    char more[4096];
    for (ssize_t size; (size = ::read(said_, more, sizeof(more))) > 0;)
      text.append(more, static_cast<size_t>(size));
    if (!WIFSIGNALED(status) || text.find('\n') == std::string::npos) return -1;
    text.resize(text.rfind('\n'));
    const auto line = text.rfind('\n');
    return std::stoll(line == std::string::npos ? text : text.substr(line + 1));
  }

 private:
  pid_t pid_;
  int said_;
};

void expect_equal(const IndexFolder& folder, const ExpectedItems& expected) {
  std::map<std::string, int> versions;
  std::vector<int64_t> places;
  std::vector<at::Tensor> rows;
  for (const auto& [row, item] : folder.live_items(0, folder.size())) {
    const auto version = static_cast<int>(item.label);
    versions[item.id] = version;
    EXPECT_EQ(item.columns.at("version"), version);
    places.push_back(row);
    rows.push_back(testing::made_row(item.id, version));
  }
  ASSERT_EQ(versions, expected.versions);
  if (places.empty()) return;
  const auto stored = folder.rows()->gather(at::tensor(places, at::kLong));
  EXPECT_TRUE(at::equal(stored, stored_form(folder.space(), at::cat(rows)).to(at::kFloat)));
}

TEST(KilledWriter, leaves_the_last_committed_state_50_times) {
  const testing::TemporaryFolder folder("killed_writer");
  const auto path = folder / "index";
  IndexWriter::create(path, testing::small_space(), "test");
  ExpectedItems expected;
  int64_t simulated = 0;
  std::mt19937 random(7);  // NOLINT(cert-msc51-cpp): the same moments each time, as far as a machine can
  for (int i = 0; i < kKills; ++i) {
    const auto said = WriterProcess(path).kill_after(static_cast<unsigned>(random() % 40'000));
    ASSERT_GT(said, 0) << "kill " << i;
    const auto opened = IndexFolder::open(path);
    const auto commits = IndexWriter(path, "test").state().commits;
    ASSERT_GE(commits, said) << "what was acknowledged is there";
    ASSERT_LE(commits, said + 1) << "and what was under way, or not";
    while (simulated < commits) expected.commit(simulated++, nullptr);
    expect_equal(*opened, expected);
    const auto check = verify_index(path);
    EXPECT_THAT(check.problems, ::testing::IsEmpty());
    EXPECT_EQ(check.items, static_cast<int64_t>(expected.versions.size()));
    for (const auto& entry : std::filesystem::directory_iterator(path))
      EXPECT_EQ(entry.path().extension() == ".partial", false) << entry.path();
  }
}

TEST(KilledWriter, leaves_rows_whitened_or_as_they_were_20_times) {
  const testing::TemporaryFolder folder("killed_whitening");
  const auto path = folder / "index";
  auto space = testing::small_space();
  space.model_dimension = 6;
  space.dimension = 3;
  space.change = {0, false, 3};
  std::vector<std::string> ids;
  for (int i = 0; i < 3000; ++i) ids.push_back(std::to_string(i));
  std::mt19937 random(11);  // NOLINT(cert-msc51-cpp)
  for (int i = 0; i < 20; ++i) {
    std::filesystem::remove_all(path);
    {
      auto writer = IndexWriter::create(path, space, "test");
      testing::add_items(writer, ids);
    }
    const auto plain = IndexFolder::open(path)->rows()->rows(0, 3000).clone();
    const auto said = WriterProcess(path, "whiten").kill_after(static_cast<unsigned>(random() % 8'000));
    ASSERT_GE(said, 0) << "kill " << i;
    const auto opened = IndexFolder::open(path);
    const bool is_whitened = opened->transform().whitening.has_value();
    ASSERT_TRUE(is_whitened || said == 0) << "what was acknowledged is there";
    const auto expected = is_whitened ? stored_form(space, opened->as_rows(plain)) : plain;
    EXPECT_TRUE(at::equal(opened->rows()->rows(0, 3000), expected));
    { const IndexWriter next(path, "test"); }
    for (const auto& entry : std::filesystem::directory_iterator(path))
      EXPECT_TRUE(is_whitened || entry.path().filename().string().rfind("whitening-", 0) != 0)
          << entry.path() << " is of the killed one and counts no more";
    EXPECT_THAT(verify_index(path).problems, ::testing::IsEmpty());
  }
}

}  // namespace
}  // namespace kindred::host
