#include "warren/protocols/kad/memory_store.hpp"

#include <algorithm>

namespace warren::kad {

bool MemoryDhtStore::make_room(std::size_t bytes) {
  if (bytes > limits_.record_bytes_max) return false;
  while (records_.size() >= limits_.records_max || record_bytes_ + bytes > limits_.record_bytes_max) {
    auto first = records_.end();
    for (auto at = records_.begin(); at != records_.end(); ++at) {
      if (at->second.own) continue;
      if (first == records_.end() || at->second.expires < first->second.expires) first = at;
    }
    if (first == records_.end()) return false;
    record_bytes_ -= first->second.value.size();
    records_.erase(first);
  }
  return true;
}

Result<> MemoryDhtStore::put_record(const DhtRecord& record) {
  auto held = records_.extract(record.key);
  if (held) record_bytes_ -= held.mapped().value.size();
  if (!make_room(record.value.size())) {
    if (held) record_bytes_ += held.mapped().value.size();
    records_.insert(std::move(held));
    return fail(Errc::kLimitReached);
  }
  record_bytes_ += record.value.size();
  records_.emplace(record.key, record);
  return {};
}

Result<DhtRecord> MemoryDhtStore::record(BytesView key, WallTime now) {
  const auto found = records_.find(to_bytes(key));
  if (found == records_.end() || found->second.expires <= now) return fail(Errc::kNotFound);
  return found->second;
}

Result<std::vector<DhtRecord>> MemoryDhtStore::own_records() {
  std::vector<DhtRecord> own;
  for (const auto& [key, record] : records_) {
    if (record.own) own.push_back(record);
  }
  return own;
}

Result<> MemoryDhtStore::put_provider(const DhtProvider& provider) {
  if (!providers_.contains(provider.key) && providers_.size() >= limits_.provider_keys_max && !provider.own) {
    return fail(Errc::kLimitReached);
  }
  auto& held = providers_[provider.key];
  std::erase_if(held, [&](const DhtProvider& each) { return each.provider.id == provider.provider.id; });
  if (held.size() >= limits_.providers_per_key_max) return fail(Errc::kLimitReached);
  held.push_back(provider);
  return {};
}

Result<std::vector<DhtProvider>> MemoryDhtStore::providers(BytesView key, WallTime now, std::size_t limit) {
  std::vector<DhtProvider> found;
  const auto held = providers_.find(to_bytes(key));
  if (held == providers_.end()) return found;
  for (auto at = held->second.rbegin(); at != held->second.rend() && found.size() < limit; ++at) {
    if (at->expires > now) found.push_back(*at);
  }
  return found;
}

Result<std::vector<DhtProvider>> MemoryDhtStore::own_providers() {
  std::vector<DhtProvider> own;
  for (const auto& [key, held] : providers_) {
    std::ranges::copy_if(held, std::back_inserter(own), &DhtProvider::own);
  }
  return own;
}

Result<> MemoryDhtStore::disown(BytesView key) {
  if (const auto found = records_.find(to_bytes(key)); found != records_.end()) found->second.own = false;
  if (const auto found = providers_.find(to_bytes(key)); found != providers_.end()) {
    for (DhtProvider& provider : found->second) provider.own = false;
  }
  return {};
}

Result<std::size_t> MemoryDhtStore::expire(WallTime now) {
  std::size_t expired = std::erase_if(records_, [&](const auto& entry) {
    if (entry.second.expires > now) return false;
    record_bytes_ -= entry.second.value.size();
    return true;
  });
  for (auto& [key, held] : providers_) {
    expired += std::erase_if(held, [now](const DhtProvider& each) { return each.expires <= now; });
  }
  std::erase_if(providers_, [](const auto& entry) { return entry.second.empty(); });
  return expired;
}

Result<> MemoryDhtStore::save_peers(const std::vector<PeerInfo>& peers) {
  peers_ = peers;
  return {};
}

Result<DhtStore::Usage> MemoryDhtStore::usage() {
  Usage usage{.records = records_.size(), .record_bytes = record_bytes_};
  for (const auto& [key, held] : providers_) usage.providers += held.size();
  return usage;
}

}  // namespace warren::kad
