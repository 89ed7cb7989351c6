#pragma once

#include <string>

namespace kindred {

/// Throws Error that names the file and what is wrong with it, unless it is a whole model as fastText 0.9
/// writes one (.bin): the library itself believes every count in the file, and reads on forever where one
/// that was cut off ends. Also refused: quantised models (.ftz), which are classifiers. What is checked are
/// sizes, counts and kinds; the vectors may hold any numbers.
void check_fasttext_file(const std::string& path);

}  // namespace kindred
