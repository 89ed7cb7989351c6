#pragma once

#include <string>
#include <vector>

#include "kindred/io/json_file.hpp"

namespace kindred {

/// Throws Error where a tokenizer.json has other steps under `key`, "normalizer" or "pre_tokenizer", than one
/// of `known`, such as "NFC, Replace, Lowercase". Only their types are compared, those of sequences one by
/// one; no step at all is "".
void expect_steps(const JsonFile& file, const std::string& key, const std::vector<std::string>& known);

}  // namespace kindred
