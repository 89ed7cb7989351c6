// Its headers are precompiled; see CMakeLists.txt.
int main() {}
