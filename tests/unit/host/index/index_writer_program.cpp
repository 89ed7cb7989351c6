/// Writes an index until it is killed, and says after each commit how many there were. Usage: PROGRAM FOLDER.
/// PROGRAM FOLDER whiten: says that it begins, whitens the rows of the index, and says that it ended.
#include <unistd.h>

#include <string>

#include "made_index.hpp"

namespace {

bool say(const std::string& line) { return ::write(1, line.data(), line.size()) >= 0; }

int whiten(const std::string& folder) {
  using namespace kindred;
  host::IndexWriter writer(folder, "test");
  int64_t learned_from = 0;
  const auto whitening =
      host::learn_whitening(*writer.rows(), writer.live_rows(), writer.space().change.whiten, learned_from);
  if (!say("0\n")) return 1;
  writer.whiten(whitening, learned_from);
  say("1\n");
  ::pause();
  return 1;
}

}  // namespace

int main(int count, char** arguments) {
  using namespace kindred;
  if (count == 3) return whiten(arguments[1]);
  if (count != 2) return 2;
  host::IndexWriter writer(arguments[1], "test");
  kindred::testing::ExpectedItems expected;
  int64_t commits = 0;
  while (commits < writer.state().commits) expected.commit(commits++, nullptr);
  for (;;) {
    expected.commit(commits++, &writer);
    if (writer.state().commits != commits || !say(std::to_string(commits) + "\n")) return 1;
  }
}
