// Says which FAISS this is, for plugins/faiss/CMakeLists.txt.
#include <faiss/Index.h>
#include <faiss/utils/utils.h>

#include <iostream>

int main() {
  std::cout << "FAISS " << FAISS_VERSION_MAJOR << "." << FAISS_VERSION_MINOR << "." << FAISS_VERSION_PATCH
            << " (" << faiss::get_compile_options() << ")";
}
