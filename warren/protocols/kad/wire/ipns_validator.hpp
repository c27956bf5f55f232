// "/ipns/" + PeerID -> an IPNS record of that peer's key. The newer sequence number wins, then the longer
// validity. https://specs.ipfs.tech/ipns/ipns-record/#record-verification
#pragma once

#include "warren/protocols/kad/wire/validator.hpp"

namespace warren::kad {

class IpnsValidator final : public Validator {
 public:
  std::string_view name_space() const override { return "ipns"; }
  // Valid until it says, and not longer than kRecordLifeMax, since its owner publishes it again.
  Result<WallTime> validate(BytesView key, BytesView value, WallTime now) const override;
  bool supersedes(BytesView key, BytesView a, BytesView b) const override;
};

}  // namespace warren::kad
