// What each multiaddr protocol's value looks like, on the wire and in text. Used by multiaddr.cpp only.
// https://github.com/multiformats/multiaddr/blob/master/protocols.csv
#pragma once

#include "warren/multiformats/multiaddr.hpp"

namespace warren {

struct ProtocolSpec {
  static constexpr int kSizePrefixed = -1;

  Protocol code;
  std::string_view name;
  int size;   // of the value in bytes; kSizePrefixed when a varint says it
  bool path;  // in text the value is all that remains, slashes included
  // Null for protocols without a value. `parse` gives a valid value or kBadAddress; `print` is given a valid
  // one.
  Result<Bytes> (*parse)(std::string_view text) = nullptr;
  std::string (*print)(BytesView value) = nullptr;
  // Of the right size already when that is fixed; null when every value of that size is valid.
  bool (*valid)(BytesView value) = nullptr;
};

// Null when unknown. By name, "ipfs" is found as p2p.
const ProtocolSpec* find_protocol(std::uint64_t code);
const ProtocolSpec* find_protocol(std::string_view name);

// Precondition: the code is one of Protocol's.
const ProtocolSpec& spec_of(Protocol code);

bool valid_value(const ProtocolSpec& spec, BytesView value);

}  // namespace warren
