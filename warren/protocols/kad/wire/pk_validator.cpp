#include "warren/protocols/kad/wire/pk_validator.hpp"

#include "warren/crypto/peer_id.hpp"

namespace warren::kad {
namespace {

constexpr std::size_t kPublicKeySizeMax = 2048;  // RSA of 8192 bits takes 1062

}  // namespace

Result<WallTime> PkValidator::validate(BytesView key, BytesView value, WallTime now) const {
  if (value.size() > kPublicKeySizeMax) return fail(Errc::kTooLarge);
  const auto peer = PeerId::from_bytes(record_key_rest(key));
  const auto public_key = PublicKey::from_protobuf(value);
  if (!peer || !public_key || !peer->matches(*public_key)) return fail(Errc::kBadRecord);
  return now + kRecordLifeMax;
}

}  // namespace warren::kad
