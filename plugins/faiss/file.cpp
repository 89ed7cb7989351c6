#include "file.hpp"

#include <faiss/impl/FaissException.h>
#include <faiss/impl/io.h>
#include <faiss/index_io.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <new>

#include "kindred/error.hpp"

namespace kindred {
namespace {

/// A file that is mapped to be read, once from its beginning to its end by the check and once by FAISS.
class MappedFile {
 public:
  explicit MappedFile(const std::string& path) {
    const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    struct stat status {};
    if (file < 0 || ::fstat(file, &status) != 0) {
      const std::string reason = std::strerror(errno);
      if (file >= 0) ::close(file);
      throw Error(path + " cannot be opened (" + reason + "); build the index again");
    }
    size_ = static_cast<size_t>(status.st_size);
    if (S_ISREG(status.st_mode) && size_ > 0) data_ = ::mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, file, 0);
    ::close(file);
    if (data_ == nullptr || data_ == MAP_FAILED)
      throw Error(path + " is empty, or no file that can be read; build the index again");
  }
  ~MappedFile() { ::munmap(data_, size_); }
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  std::string_view bytes() const { return {static_cast<const char*>(data_), size_}; }

 private:
  void* data_ = nullptr;
  size_t size_ = 0;
};

struct BytesReader final : faiss::IOReader {
  explicit BytesReader(std::string_view all) : bytes(all) {}
  size_t operator()(void* to, size_t size, size_t count) override {
    const auto there = size == 0 ? 0 : std::min(count, bytes.size() / size);
    if (there > 0) std::memcpy(to, bytes.data(), there * size);
    bytes.remove_prefix(there * size);
    return there;
  }
  std::string_view bytes;
};

struct Counter final : faiss::IOWriter {
  size_t operator()(const void*, size_t size, size_t count) override {
    bytes += static_cast<int64_t>(size * count);
    return count;
  }
  int64_t bytes = 0;
};

struct FileWriter final : faiss::IOWriter {
  explicit FileWriter(std::FILE* to) : file(to) {}
  size_t operator()(const void* from, size_t size, size_t count) override {
    return std::fwrite(from, size, count, file);
  }
  std::FILE* file;
};

}  // namespace

void write_faiss_file(const faiss::Index& index, const std::string& path) {
  const auto failed = [&](int reason) {
    return Error(path + " cannot be written (" + std::strerror(reason) + ")");
  };
  auto* file = std::fopen(path.c_str(), "wbe");
  if (file == nullptr) throw failed(errno);
  FileWriter writer(file);
  bool written = true;
  try {
    faiss::write_index(&index, &writer);
  } catch (const faiss::FaissException&) {
    written = false;
  }
  const int reason = errno;
  if (std::fclose(file) != 0) throw failed(errno);
  if (!written) throw failed(reason);
}

std::unique_ptr<faiss::Index> read_faiss_file(const std::string& path, const FaissFileOf& of) {
  const MappedFile file(path);
  try {
    check_faiss_file(file.bytes(), of);
    BytesReader reader(file.bytes());
    return std::unique_ptr<faiss::Index>(faiss::read_index(&reader));
  } catch (const Error& error) {
    throw Error(path + " " + error.what() +
                "; it is damaged, or belongs to other rows: build the index again");
  } catch (const faiss::FaissException& error) {
    throw Error(path + " cannot be read by FAISS: " + error.what());
  } catch (const std::bad_alloc&) {
    throw Error(path + " needs more memory than there is");
  }
}

int64_t faiss_bytes(const faiss::Index& index) {
  Counter counter;
  faiss::write_index(&index, &counter);
  return counter.bytes;
}

}  // namespace kindred
