// Value records of the DHTs: a key, with its size before it, and a value, given to the validator of the key.

#include "warren/base/assert.hpp"
#include "warren/base/reader.hpp"
#include "warren/node/binding_validator.hpp"
#include "warren/protocols/kad/wire/ipns_validator.hpp"
#include "warren/protocols/kad/wire/message.hpp"
#include "warren/protocols/kad/wire/peer_record_validator.hpp"
#include "warren/protocols/kad/wire/pk_validator.hpp"

namespace warren::kad {
namespace {

// A day after the binding of docs/wire.md begins, which is a seed.
constexpr WallTime kNow{std::chrono::milliseconds(1'767'312'000'000)};

Validators all_validators() {
  Validators validators;
  validators.add(std::make_unique<PkValidator>());
  validators.add(std::make_unique<IpnsValidator>());
  validators.add(std::make_unique<PeerRecordValidator>());
  validators.add(std::make_unique<BindingValidator>("main"));
  return validators;
}

}  // namespace
}  // namespace warren::kad

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace warren;
  using namespace warren::kad;
  static const Validators validators = all_validators();
  Reader reader(BytesView(data, size));
  const BytesView key = reader.delimited(kKeySizeMax);
  const BytesView value = reader.rest();
  const Validator* validator = validators.find(key);
  if (!reader.ok() || validator == nullptr) return 0;
  WARREN_ASSERT(equal(record_key(validator->name_space(), record_key_rest(key)), key));
  WARREN_ASSERT(!validator->supersedes(key, {}, value));
  const auto expires = validator->validate(key, value, kNow);
  if (!expires) return 0;
  WARREN_ASSERT(*expires > kNow && *expires <= kNow + std::chrono::days(30));
  WARREN_ASSERT(!validator->supersedes(key, value, value));
  // A name of one byte less is another one.
  WARREN_ASSERT(!validator->validate(key.first(key.size() - 1), value, kNow));
  return 0;
}
