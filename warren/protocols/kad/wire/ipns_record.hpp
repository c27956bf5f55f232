// An IPNS record: what a key's name stands for until when, signed by that key (V2 signatures; a V1 signature
// alone proves nothing any more). https://specs.ipfs.tech/ipns/ipns-record/
#pragma once

#include "warren/base/bytes.hpp"
#include "warren/crypto/peer_id.hpp"
#include "warren/protocols/kad/wire/rfc3339.hpp"

namespace warren::kad {

inline constexpr std::size_t kIpnsRecordSizeMax = 10 * 1024;  // spec, "Record Size Limit"

struct IpnsRecord {
  Bytes value;  // a path, e.g. /ipfs/bafk...
  PreciseTime valid_until;
  std::uint64_t sequence = 0;
  std::uint64_t ttl_ns = 0;  // for how long it may be cached; 0: not said
  // What it is verified with.
  Bytes public_key;  // the PublicKey message; empty when the name has the key inside
  Bytes signature;   // over "ipns-signature:" and data
  Bytes data;        // DAG-CBOR, which the values above were read from

  // Reads and checks all but the signature: kTooLarge, kTruncated, kNotMinimal; kMalformed, also when the old
  // fields do not say the same; kUnsupported: another kind of validity.
  static Result<IpnsRecord> decode(BytesView bytes);
  // The signature, of the key behind the name. kPeerIdMismatch: another's key; kBadKey and its kind: no key;
  // kBadSignature.
  Result<> verify(const PeerId& name) const;
};

}  // namespace warren::kad
