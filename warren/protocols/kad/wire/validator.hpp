// What a value record must be to be stored, served, or believed. One validator for each namespace: keys are
// "/<namespace>/<rest>", where the rest is any bytes.
// https://github.com/libp2p/specs/blob/master/kad-dht/README.md#entry-validation
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "warren/base/bytes.hpp"
#include "warren/base/time.hpp"

namespace warren::kad {

// How long a record is kept that nobody publishes again (spec, "Entry validation": 48 h).
inline constexpr std::chrono::hours kRecordLifeMax{48};

class Validator {
 public:
  virtual ~Validator() = default;

  virtual std::string_view name_space() const = 0;

  // When the value ceases to be valid for the key, at most (now + the validator's own longest life).
  // kBadRecord: it is not for this key, or a signature is wrong; kRecordExpired; kTooLarge; kOldRecord: the
  // validator knows of a newer one. May cost a
  // signature's verification: call it on the offload pool.
  virtual Result<WallTime> validate(BytesView key, BytesView value, WallTime now) const = 0;

  // Whether `a` is to be preferred to `b`. Both are valid for the key.
  virtual bool supersedes(BytesView key, BytesView a, BytesView b) const = 0;
};

// Those of one DHT. Safe on several threads at once, as each of them must be.
class Validators {
 public:
  void add(std::unique_ptr<Validator> validator);
  // The one for this key; null when the namespace is not known here, or the key has none.
  const Validator* find(BytesView key) const;

 private:
  std::vector<std::unique_ptr<Validator>> validators_;
};

// "/<name_space>/" + rest.
Bytes record_key(std::string_view name_space, BytesView rest);
// What follows the namespace. Precondition: the key has one.
BytesView record_key_rest(BytesView key);

}  // namespace warren::kad
