#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>

#include "host/distributed/key_store.hpp"

namespace kindred::host {

/// What the stores of several threads share that stand for processes.
struct MadeStoreContent {
  std::mutex mutex;
  std::map<std::string, std::string> texts;
  bool is_lost = false;
  std::mutex hangs;  ///< held by a test while the store shall not answer
};

class MadeStore final : public KeyStore {
 public:
  explicit MadeStore(MadeStoreContent& content) : content_(content) {}
  void set(const std::string& key, const std::string& text) override {
    const auto lock = locked();
    content_.texts[key] = text;
  }
  std::string get(const std::string& key) override {
    const auto lock = locked();
    return content_.texts.at(key);
  }
  bool has(const std::string& key) override {
    const auto lock = locked();
    return content_.texts.count(key) > 0;
  }
  long add(const std::string& key, long number) override {
    const auto lock = locked();
    auto& text = content_.texts[key];
    text = std::to_string((text.empty() ? 0 : std::stol(text)) + number);
    return std::stol(text);
  }

 private:
  std::unique_lock<std::mutex> locked() {
    const std::lock_guard<std::mutex> answers(content_.hangs);
    std::unique_lock<std::mutex> lock(content_.mutex);
    if (content_.is_lost) throw std::runtime_error("connection closed");
    return lock;
  }

  MadeStoreContent& content_;
};

}  // namespace kindred::host
