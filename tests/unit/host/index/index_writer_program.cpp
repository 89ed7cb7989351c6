/// Writes an index until it is killed, and says after each commit how many there were. Usage: PROGRAM FOLDER
#include <unistd.h>

#include <string>

#include "made_index.hpp"

int main(int count, char** arguments) {
  using namespace kindred;
  if (count != 2) return 2;
  host::IndexWriter writer(arguments[1], "test");
  testing::ExpectedItems expected;
  int64_t commits = 0;
  while (commits < writer.state().commits) expected.commit(commits++, nullptr);
  for (;;) {
    expected.commit(commits++, &writer);
    const auto line = std::to_string(writer.state().commits) + "\n";
    if (writer.state().commits != commits || ::write(1, line.data(), line.size()) < 0) return 1;
  }
}
