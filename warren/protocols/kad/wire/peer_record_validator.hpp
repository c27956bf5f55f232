// "/warren-peer/" + PeerID -> the peer's own signed peer record, so that its addresses are found, certified,
// while it is away from who asks. The higher seq wins. Warren's DHTs only (docs/wire.md).
#pragma once

#include "warren/protocols/kad/wire/validator.hpp"

namespace warren::kad {

inline constexpr std::size_t kPeerRecordValueSizeMax = 16 * 1024;

class PeerRecordValidator final : public Validator {
 public:
  std::string_view name_space() const override { return "warren-peer"; }
  // At most 64 addresses (kPeerRecordAddressesMax), readable or not.
  Result<WallTime> validate(BytesView key, BytesView value, WallTime now) const override;
  bool supersedes(BytesView key, BytesView a, BytesView b) const override;
};

}  // namespace warren::kad
