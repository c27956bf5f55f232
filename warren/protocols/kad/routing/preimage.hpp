// FIND_NODE takes a preimage, and peers hash it: to look up a place in the keyspace, something has to be
// found that is hashed to it. The first bits are all that one can choose, by trying.
#pragma once

#include <span>
#include <vector>

#include "warren/protocols/kad/routing/key.hpp"

namespace warren::kad {

// A part of the keyspace: the keys that begin with the first `bits` bits of `key`.
struct Prefix {
  Key key;
  std::size_t bits = 0;

  bool contains(const Key& other) const { return key.common_prefix(other) >= bits; }
};

// For each prefix the bytes of a PeerID (of nobody) whose key it contains; empty where none was found. Takes
// about 2^bits hashes for the longest, a third of a microsecond each, and gives up at eight times as many, or
// at eight million. Other seeds, other preimages.
std::vector<Bytes> find_preimages(std::span<const Prefix> prefixes, std::uint64_t seed);

}  // namespace warren::kad
