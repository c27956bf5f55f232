// Certificates that proved to be good lately: a peer that comes again has the same, and the two signatures in
// it take a quarter of a handshake. What may have changed is the time, so the caller checks that anew.
#pragma once

#include <deque>
#include <map>
#include <optional>

#include "warren/crypto/hash.hpp"
#include "warren/crypto/keys.hpp"

namespace warren::tls {

class VerifiedCertificates {
 public:
  static constexpr std::size_t kMax = 256;  // some 100 KiB; the oldest makes room

  // The host key that a certificate of this SHA-256 proves.
  std::optional<PublicKey> find(const Digest& certificate) const;
  void add(const Digest& certificate, const PublicKey& key);

  std::size_t size() const { return keys_.size(); }

 private:
  std::map<Digest, PublicKey> keys_;
  std::deque<Digest> by_age_;
};

}  // namespace warren::tls
