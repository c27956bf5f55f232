#include "warren/protocols/kad/wire/ipns_validator.hpp"

#include <algorithm>

#include "warren/protocols/kad/wire/ipns_record.hpp"

namespace warren::kad {

Result<WallTime> IpnsValidator::validate(BytesView key, BytesView value, WallTime now) const {
  if (value.size() > kIpnsRecordSizeMax) return fail(Errc::kTooLarge);
  const auto name = PeerId::from_bytes(record_key_rest(key));
  if (!name) return fail(Errc::kBadRecord);
  const auto record = IpnsRecord::decode(value);
  if (!record) return fail(Errc::kBadRecord);
  if (record->valid_until.time <= now) return fail(Errc::kRecordExpired);
  if (!record->verify(*name)) return fail(Errc::kBadRecord);
  return std::min<WallTime>(record->valid_until.time, now + kRecordLifeMax);
}

bool IpnsValidator::supersedes(BytesView, BytesView a, BytesView b) const {
  const auto first = IpnsRecord::decode(a);
  const auto second = IpnsRecord::decode(b);
  if (!first || !second) return first.has_value();
  if (first->sequence != second->sequence) return first->sequence > second->sequence;
  if (first->valid_until != second->valid_until) return first->valid_until > second->valid_until;
  return std::ranges::lexicographical_compare(b, a);  // as go decides; all nodes have to keep the same one
}

}  // namespace warren::kad
