#pragma once

#include <faiss/Index.h>

#include <cstdint>
#include <memory>
#include <string>

#include "file_check.hpp"

namespace kindred {

/// Writes a FAISS file, which any program opens that has FAISS. Throws Error.
void write_faiss_file(const faiss::Index& index, const std::string& path);

/// Reads one that check_faiss_file() finds nothing against. Throws Error that begins with the path.
std::unique_ptr<faiss::Index> read_faiss_file(const std::string& path, const FaissFileOf& of);

/// The bytes of such a file, which are nearly those that the index takes in memory.
int64_t faiss_bytes(const faiss::Index& index);

}  // namespace kindred
