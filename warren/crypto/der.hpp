// Strict DER (X.690), as far as keys and signatures need it: each value has one encoding, and only that one
// is read.
#pragma once

#include "warren/base/reader.hpp"
#include "warren/base/writer.hpp"

namespace warren {

enum class DerTag : std::uint8_t { kInteger = 0x02, kBitString = 0x03, kObjectId = 0x06, kSequence = 0x30 };

// The content of the next value, which has this tag; at most 64 KiB. Fails `reader` with kMalformed.
BytesView read_der(Reader& reader, DerTag tag);
// A number that is not negative, big-endian and without leading zeros; zero is one byte.
BytesView read_der_unsigned(Reader& reader);

// Content under 64 KiB.
void write_der(Writer& writer, DerTag tag, BytesView content);
// `digits` is big-endian, not empty, and may have leading zeros.
void write_der_unsigned(Writer& writer, BytesView digits);

}  // namespace warren
