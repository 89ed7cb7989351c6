#pragma once

#include <string>

namespace kindred::host {

/// The path of a file of the run that a model belongs to, which lies beside the model's folder; "" where
/// there is none.
std::string file_of_run(const std::string& model_folder, const std::string& name);

}  // namespace kindred::host
