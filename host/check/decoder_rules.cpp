#include <ATen/ATen.h>

#include <algorithm>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "host/check/rule.hpp"
#include "host/check/threads.hpp"
#include "kindred/decoder.hpp"
#include "kindred/random.hpp"

namespace kindred::host {
namespace {

constexpr const char* kSampleName = "the example";

/// What somebody may send in place of a picture. None of it is of any format.
std::vector<std::string> no_images() {
  std::string noise;
  Random random(3);
  for (int i = 0; i < 512; ++i) noise += static_cast<char>(static_cast<uint8_t>(random.uniform(0, 256)));
  noise[0] = 0;
  return {"", std::string(1, '\0'), std::string(512, '\0'), "no picture", noise};
}

void names_its_files(const Subject& subject) {
  const auto extensions = subject.make<Decoder>()->extensions();
  require(!extensions.empty(), "names no extension");
  std::set<std::string> seen;
  for (const auto& one : extensions) {
    require(one.size() > 1 && one.front() == '.',
            "names the extension \"{}\", which has no dot or nothing else", one);
    for (const char c : one)
      require(c < 'A' || c > 'Z', "names the extension \"{}\", which is not in lower case", one);
    require(seen.insert(one).second, "names the extension \"{}\" twice", one);
  }
}

void examples_become_images(const Subject& subject) {
  const auto decoder = subject.make<Decoder>();
  const auto examples = decoder->examples();
  require(!examples.empty(), "gives no examples()");
  for (size_t i = 0; i < examples.size(); ++i) {
    const auto image = decoder->decode(examples[i], kSampleName);
    require(image.defined() && image.dim() == 3 && image.size(2) == 3 && image.scalar_type() == at::kByte &&
                image.is_cpu(),
            "does not give uint8 (H, W, 3) for example {}", i);
    require(image.numel() > 0 && image.is_contiguous(),
            "gives an empty picture or one that is not contiguous for example {}", i);
  }
}

void recognizes_by_content(const Subject& subject) {
  const auto decoder = subject.make<Decoder>();
  const auto examples = decoder->examples();
  for (size_t i = 0; i < examples.size(); ++i)
    require(decoder->recognizes(examples[i]), "does not recognize its example {}", i);
  for (const auto& bytes : no_images())
    require(!decoder->recognizes(bytes), "recognizes {} bytes that are no picture", bytes.size());
}

/// The sentence of a refusal, or "" where the bytes became a picture. What is thrown may be of any type that
/// is a std::exception.
std::string refusal(const Decoder& decoder, std::string_view bytes) {
  try {
    const auto image = decoder.decode(bytes, kSampleName);
    require(image.defined() && image.dim() == 3 && image.size(2) == 3 && image.numel() > 0,
            "gives no uint8 (H, W, 3) for {} damaged bytes and does not refuse them", bytes.size());
  } catch (const RuleBroken&) {
    throw;
  } catch (const std::exception& error) {
    return error.what();
  }
  return "";
}

void refuses_what_is_no_image(const Subject& subject) {
  const auto decoder = subject.make<Decoder>();
  for (const auto& bytes : no_images()) {
    const auto sentence = refusal(*decoder, bytes);
    require(!sentence.empty(), "makes a picture of {} bytes that are none", bytes.size());
    require(sentence.find(kSampleName) != std::string::npos,
            "refuses bytes with the sentence \"{}\", which does not name them", sentence);
  }
}

/// Each in memory of its own size, so that a sanitizer sees what reads beyond.
void survives_damage(const Subject& subject) {
  const auto decoder = subject.make<Decoder>();
  for (const auto& example : decoder->examples()) {
    for (const auto part : {example.size() / 2, example.size() - 1}) {
      const auto cut = std::make_unique<char[]>(part);
      std::copy_n(example.begin(), part, cut.get());
      refusal(*decoder, {cut.get(), part});
    }
    for (size_t place = 0; place < example.size(); place += 1 + example.size() / 64) {
      auto changed = example;
      changed[place] = static_cast<char>(~changed[place]);
      refusal(*decoder, changed);
    }
  }
}

void threads_may_share_it(const Subject& subject) {
  const auto decoder = subject.make<Decoder>();
  const auto examples = decoder->examples();
  std::vector<at::Tensor> expected;
  for (const auto& one : examples) expected.push_back(decoder->decode(one, kSampleName));
  in_threads([&](int) {
    for (int round = 0; round < 8; ++round) {
      for (size_t i = 0; i < examples.size(); ++i) {
        require(at::equal(decoder->decode(examples[i], kSampleName), expected[i]),
                "gives another picture of example {} when several threads use it", i);
      }
    }
  });
}

Behaviour behaviour_of(Decoder& decoder) {
  Behaviour out;
  for (const auto& one : decoder.examples()) out.push_back(decoder.decode(one, kSampleName));
  return out;
}

}  // namespace

template <>
KindChecks checks_of<Decoder>() {
  return kind_checks<Decoder>(
      behaviour_of,
      {
          {"names_its_files", "extensions() are in lower case, with their dot, each once", names_its_files},
          {"examples_become_pictures", "examples() become contiguous uint8 (H, W, 3)",
           examples_become_images},
          {"recognizes_by_content", "examples are recognized; nothing, text and noise are not",
           recognizes_by_content},
          {"refuses_what_is_no_picture", "nothing, text and noise are refused by a sentence that names them",
           refuses_what_is_no_image},
          {"survives_damage", "bytes that are cut off or changed become a picture or an exception",
           survives_damage},
          {"threads_may_share_it", "8 threads get what one gets", threads_may_share_it},
      });
}

}  // namespace kindred::host
