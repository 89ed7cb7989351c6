// The test program that the comment of kindred/conformance.hpp shows.
#include "kindred/conformance.hpp"

// shown in the header:
int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  kindred::testing::register_conformance_tests(MY_PLUGIN_FILE, {{"acme.files", {{"root", "pictures"}}}});
  return RUN_ALL_TESTS();
}
// end
