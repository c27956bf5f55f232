// What one DHT keeps, as its coroutines use it: every call goes to the offload pool, because it reads the
// disk or verifies a signature.
#pragma once

#include <optional>
#include <vector>

#include "warren/core/dht_store.hpp"
#include "warren/env/env.hpp"
#include "warren/protocols/kad/wire/validator.hpp"

namespace warren::kad {

class Records {
 public:
  // All outlive it and its calls.
  Records(Env& env, const Validators& validators, DhtStore& store)
      : env_(env), validators_(validators), store_(store) {}

  // kBadRecord, kRecordExpired, kTooLarge; kUnsupported: the namespace is not known here.
  Task<Result<>> check(Bytes key, Bytes value);
  // Checks it and keeps it, unless a better one is held: kOldRecord; kStorage, kLimitReached. `own`:
  // published by this node.
  Task<Result<>> put(Bytes key, Bytes value, bool own);
  // kNotFound, kStorage.
  Task<Result<Bytes>> get(Bytes key);
  // Whether `a` is to be preferred. Both were checked.
  bool supersedes(BytesView key, BytesView a, BytesView b) const;
  bool knows_namespace(BytesView key) const { return validators_.find(key) != nullptr; }

  Task<Result<>> put_provider(Bytes key, PeerInfo provider, bool own);
  // Those received last first.
  Task<std::vector<DhtProvider>> providers(Bytes key, std::size_t limit);

  // What this node keeps published. Nothing when the store fails.
  Task<std::vector<DhtRecord>> own_records();
  Task<std::vector<DhtProvider>> own_providers();
  Task<void> disown(Bytes key);

  Task<void> expire();
  Task<void> save_peers(std::vector<PeerInfo> peers);
  Task<std::vector<PeerInfo>> load_peers();
  Task<DhtStore::Usage> usage();

 private:
  Env& env_;
  const Validators& validators_;
  DhtStore& store_;
};

}  // namespace warren::kad
