#include "warren/node/binding_validator.hpp"

#include "warren/messaging/binding.hpp"

namespace warren {
namespace {

Result<Binding> read_binding(BytesView value) {
  const auto signed_binding = SignedBinding::decode(value);
  if (!signed_binding) return fail(signed_binding.error());
  return Binding::decode(signed_binding->binding);
}

}  // namespace

Bytes binding_record_key(const NodeId& node) {
  return kad::record_key(kBindingNameSpace, node.key_bytes());
}

Result<WallTime> BindingValidator::validate(BytesView key, BytesView value, WallTime now) const {
  if (value.size() > kSignedBindingSizeMax) return fail(Errc::kTooLarge);
  const auto signed_binding = SignedBinding::decode(value);
  if (!signed_binding) return fail(Errc::kBadRecord);
  const auto binding = Binding::decode(signed_binding->binding);
  if (!binding || !equal(binding->node.key_bytes(), kad::record_key_rest(key))) return fail(Errc::kBadRecord);
  if (binding->not_after <= now) return fail(Errc::kRecordExpired);
  if (known_ != nullptr) {
    const auto known = known_->find(binding->node);
    if (known && known->serial > binding->serial) return fail(Errc::kOldRecord);
  }
  const BindingCheck check{.network = network_, .peer = binding->peer(), .now = now};
  if (!verify_binding(*signed_binding, *binding, check)) return fail(Errc::kBadRecord);
  return binding->not_after;
}

bool BindingValidator::supersedes(BytesView, BytesView a, BytesView b) const {
  const auto first = read_binding(a);
  const auto second = read_binding(b);
  if (!first || !second) return first.has_value();
  return first->serial > second->serial;
}

}  // namespace warren
