// "/warren-node/" + the 33 bytes of a NodeID -> that node's signed binding, which names its PeerID: how a
// NodeID is looked up in Warren's own DHT. The higher serial wins. docs/wire.md, "Binding".
#pragma once

#include <string>

#include "warren/core/binding_store.hpp"
#include "warren/protocols/kad/wire/validator.hpp"

namespace warren {

inline constexpr std::string_view kBindingNameSpace = "warren-node";

// The key that a node's binding is found under.
Bytes binding_record_key(const NodeId& node);

class BindingValidator final : public kad::Validator {
 public:
  // `known`, when given, has the highest serials seen so far, below which a binding is replayed; it outlives
  // this.
  explicit BindingValidator(std::string network, BindingStore* known = nullptr)
      : network_(std::move(network)), known_(known) {}

  std::string_view name_space() const override { return kBindingNameSpace; }
  // Until the binding's own end. kOldRecord: a higher serial is known.
  Result<WallTime> validate(BytesView key, BytesView value, WallTime now) const override;
  bool supersedes(BytesView key, BytesView a, BytesView b) const override;

 private:
  std::string network_;
  BindingStore* known_;
};

}  // namespace warren
