// "/pk/" + PeerID -> the PublicKey message that the PeerID is made of, for PeerIDs that do not have it
// inside. https://github.com/libp2p/specs/blob/master/kad-dht/README.md#entry-validation
#pragma once

#include "warren/protocols/kad/wire/validator.hpp"

namespace warren::kad {

class PkValidator final : public Validator {
 public:
  std::string_view name_space() const override { return "pk"; }
  Result<WallTime> validate(BytesView key, BytesView value, WallTime now) const override;
  // There is only one for each key.
  bool supersedes(BytesView, BytesView, BytesView) const override { return false; }
};

}  // namespace warren::kad
