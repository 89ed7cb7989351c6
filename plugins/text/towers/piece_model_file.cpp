#include "piece_model_file.hpp"

#include <cstring>
#include <functional>
#include <string_view>

#include "kindred/error.hpp"
#include "kindred/io/file.hpp"

namespace kindred {
namespace {

/// The content of a field of a message: a number, or bytes.
struct WireField {
  uint64_t number = 0;
  std::string_view bytes;
};

/// Reads messages of protocol buffers, as far as files of SentencePiece need it.
class MessageReader {
 public:
  MessageReader(std::string_view bytes, const std::string& path) : rest_(bytes), path_(path) {}

  void each_field(const std::function<void(uint64_t tag, const WireField& field)>& use) {
    while (!rest_.empty()) {
      const auto key = varint();
      WireField field;
      switch (key & 7) {
        case 0:
          field.number = varint();
          break;
        case 1:
          field.bytes = take(8);
          break;
        case 2:
          field.bytes = take(varint());
          break;
        case 5:
          field.bytes = take(4);
          break;
        default:
          refuse();
      }
      use(key >> 3, field);
    }
  }

  [[noreturn]] void refuse() const {
    throw Error(path_ +
                " is no model of SentencePiece, expected the spiece.model that came with the weights; "
                "download it again");
  }

 private:
  std::string_view take(uint64_t size) {
    if (size > rest_.size()) refuse();
    const auto taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
  }

  uint64_t varint() {
    uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      const auto byte = static_cast<unsigned char>(take(1).front());
      value |= static_cast<uint64_t>(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    refuse();
  }

  std::string_view rest_;
  const std::string& path_;
};

PieceModelFile::Piece piece_of(std::string_view bytes, const std::string& path) {
  PieceModelFile::Piece piece;
  MessageReader(bytes, path).each_field([&](uint64_t tag, const WireField& field) {
    if (tag == 1) piece.text = field.bytes;
    if (tag == 2 && field.bytes.size() == sizeof(float))
      std::memcpy(&piece.score, field.bytes.data(), sizeof(float));
    if (tag == 3) piece.kind = static_cast<int64_t>(field.number);
  });
  return piece;
}

}  // namespace

PieceModelFile read_piece_model(const std::string& path) {
  const auto bytes = read_file(path);
  PieceModelFile model;
  MessageReader file(bytes, path);
  file.each_field([&](uint64_t tag, const WireField& field) {
    if (tag == 1) model.pieces.push_back(piece_of(field.bytes, path));
    if (tag == 2) {
      MessageReader(field.bytes, path).each_field([&](uint64_t inner, const WireField& value) {
        if (inner == 3) model.model_type = static_cast<int64_t>(value.number);
      });
    }
    if (tag == 3) {
      MessageReader(field.bytes, path).each_field([&](uint64_t inner, const WireField& value) {
        if (inner == 2) model.characters = value.bytes;
        if (inner == 3) model.adds_blank = value.number != 0;
        if (inner == 4) model.removes_blanks = value.number != 0;
        if (inner == 5) model.marks_blanks = value.number != 0;
      });
    }
  });
  if (model.pieces.empty()) file.refuse();
  if (model.model_type != 1)
    throw Error(path + " holds a model of the type " + std::to_string(model.model_type) +
                ", expected 1, a unigram model, which SigLIP has");
  return model;
}

}  // namespace kindred
