#pragma once

#include <string>
#include <string_view>
#include <vector>

/// Names as people type them, who may have another library's names at their fingertips. What is found here
/// is only ever suggested: a pipeline has to say the name itself.
namespace kindred {

/// What is left of a name when its spelling is set aside: small letters and digits, "@" as "at", without the
/// word for its kind at the end: "TripletMarginLoss" and "triplet_margin" are both "tripletmargin".
std::string plain_name(std::string_view name);

/// The one of `names`, which are parameters or keys, that `word` is another spelling of, or another word for
/// ("learningRate" and "learning_rate" are "lr"); "" when there is none.
std::string same_name(std::string_view word, const std::vector<std::string>& names);

}  // namespace kindred
