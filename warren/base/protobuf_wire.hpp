// The protobuf wire format by hand, for messages whose exact bytes matter because they are hashed or signed,
// and for layers below the generated code. https://protobuf.dev/programming-guides/encoding
#pragma once

#include "warren/base/bytes.hpp"

namespace warren {

// Goes through the fields of one message, sticky like Reader:
//
//   ProtobufReader reader(bytes, ProtobufForm::kCanonical);
//   while (reader.next()) {
//     switch (reader.field()) {
//       case 1: type = reader.varint(); break;
//       case 2: data = reader.bytes(); break;
//       default: reader.unknown();
//     }
//   }
//   if (auto end = reader.finish(); !end) return fail(end.error());
//
// kLenient reads what any protobuf encoder may write: fields in any order, the last of equals wins, unknown
// ones ignored. kCanonical wants the one encoding of a deterministic encoder: ascending fields, none twice,
// none unknown, minimal varints.
enum class ProtobufForm { kLenient, kCanonical };

class ProtobufReader {
 public:
  ProtobufReader(BytesView message, ProtobufForm form) : rest_(message), form_(form) {}

  // Reads the next field, whole. False at the end and after an error.
  bool next();
  std::uint32_t field() const { return field_; }

  // The value of the current field; another wire type than the one asked for is kMalformed.
  std::uint64_t varint();
  BytesView bytes();  // borrowed from the message; also strings and embedded messages
  // As bytes(), for a field that may occur many times in the canonical form too.
  BytesView repeated_bytes();
  // Says that the current field is not one the caller knows: ignored, or kMalformed in the canonical form.
  void unknown();

  // Marks the message as bad for a reason only the caller can see; the first error wins.
  void fail(Errc code);
  Result<> finish() const;

 private:
  std::uint64_t read_varint();
  BytesView read_bytes(std::uint64_t size);
  void expect(std::uint32_t wire_type, bool repeated);

  BytesView rest_;
  ProtobufForm form_;
  std::error_code error_;
  std::uint32_t field_ = 0;
  std::uint32_t previous_field_ = 0;
  std::uint32_t wire_type_ = 0;
  std::uint64_t number_ = 0;
  BytesView bytes_;
};

// Writes fields as given: ascending order and leaving out defaults are up to the caller.
class ProtobufWriter {
 public:
  ProtobufWriter() = default;
  // Makes room for a message of this size at once.
  explicit ProtobufWriter(std::size_t size) { out_.reserve(size); }

  ProtobufWriter& varint(std::uint32_t field, std::uint64_t value);
  ProtobufWriter& bytes(std::uint32_t field, BytesView value);

  const Bytes& view() const { return out_; }
  Bytes take() { return std::move(out_); }

 private:
  void write_varint(std::uint64_t value);

  Bytes out_;
};

}  // namespace warren
