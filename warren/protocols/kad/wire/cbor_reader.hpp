// A strict reader of DAG-CBOR, sticky like Reader: definite lengths, minimal numbers, no floats but doubles,
// no tag but links. https://ipld.io/specs/codecs/dag-cbor/spec/
#pragma once

#include "warren/base/reader.hpp"

namespace warren::kad {

// What skip() goes into; a record's own additions are flat.
inline constexpr int kCborDepthMax = 8;

class CborReader {
 public:
  explicit CborReader(BytesView bytes) : reader_(bytes) {}

  // Each reads the next item, which is kMalformed when it is of another kind; kTruncated, kNotMinimal.
  std::uint64_t number();  // not negative
  BytesView bytes();
  std::string_view text();
  // The number of pairs that follow, never more than could fit.
  std::uint64_t map();
  // One item of any kind, with all that is in it.
  void skip() { skip(kCborDepthMax); }

  void fail(Errc code) { reader_.fail(code); }
  bool ok() const { return reader_.ok(); }
  Result<> finish() { return reader_.finish(); }

 private:
  struct Head {
    std::uint8_t major = 0;
    std::uint8_t info = 0;
    std::uint64_t value = 0;
  };
  Head head();
  std::uint64_t value_of(std::uint8_t major);
  void skip(int depth);

  Reader reader_;
};

}  // namespace warren::kad
