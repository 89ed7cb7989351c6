#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "host/cli/index/index_sink.hpp"
#include "host/index/item.hpp"
#include "kindred/dataset.hpp"

namespace kindred::host {

/// What a file is now; nothing where it is not there. Throws Error where it cannot be read.
std::optional<FileStamp> stamp_of_file(const std::string& path);

/// Size and time of a file, without its bytes; nothing where it is not there.
std::optional<FileStamp> glance_at_file(const std::string& path);

/// The id of what a file holds: its path as it was given, without detours.
std::string id_of_path(const std::string& path);

/// Describes what `host embed` says of files: a picture has the id of its path, a line of a text file
/// "PATH:12", a vector of an array "PATH#3".
DescribeItem describe_files();

/// Describes samples of a dataset: the name of the sample is the id; label, class and file are known, and
/// texts that a sample has are columns. A text that writes a number is one. `sides`, where there are any, are
/// the column "split", unless a field of the dataset has that name.
DescribeItem describe_samples(std::shared_ptr<const Dataset> dataset, std::vector<std::string> sides);

}  // namespace kindred::host
