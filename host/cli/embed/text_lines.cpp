#include "host/cli/embed/text_lines.hpp"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <iostream>

#include "kindred/error.hpp"
#include "kindred/io/utf8.hpp"

namespace kindred::host {
namespace fs = std::filesystem;
using nlohmann::json;

bool TextLines::next(std::string& text, json& said) {
  for (; file_ < files_.size(); ++file_, number_ = 0) {
    if (number_ == 0 && !open()) continue;
    auto& content = files_[file_] == "-" ? std::cin : opened_;
    while (std::getline(content, text)) {
      if (!text.empty() && text.back() == '\r') text.pop_back();
      if (++number_ == 1 && !begin(text)) break;
      if (auto fault = encoding_fault(text, name(), number_); !fault.empty()) {
        unreadable_.push_back(
            {{"path", files_[file_]}, {"line", number_}, {"row", nullptr}, {"error", std::move(fault)}});
        continue;
      }
      said = {{"path", files_[file_]}, {"line", number_}};
      return true;
    }
  }
  return false;
}

bool TextLines::open() {
  const auto& file = files_[file_];
  if (file == "-") return true;
  opened_ = std::ifstream(file, std::ios::binary);
  if (opened_ && !fs::is_directory(file)) return true;
  unreadable_.push_back(
      {{"path", file},
       {"row", nullptr},
       {"error", fs::is_directory(file) ? "cannot read " + file + ": it is a folder"
                                        : "cannot open " + file + ": " + std::strerror(errno)}});
  return false;
}

std::string TextLines::name() const { return files_[file_] == "-" ? "standard input" : files_[file_]; }

bool TextLines::begin(std::string& text) {
  try {
    text = text_content(std::move(text), name());
    return true;
  } catch (const Error& error) {
    unreadable_.push_back({{"path", files_[file_]}, {"row", nullptr}, {"error", error.what()}});
    return false;
  }
}

}  // namespace kindred::host
