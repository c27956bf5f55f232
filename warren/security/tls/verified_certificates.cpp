#include "warren/security/tls/verified_certificates.hpp"

namespace warren::tls {

std::optional<PublicKey> VerifiedCertificates::find(const Digest& certificate) const {
  const auto found = keys_.find(certificate);
  return found == keys_.end() ? std::nullopt : std::optional(found->second);
}

void VerifiedCertificates::add(const Digest& certificate, const PublicKey& key) {
  if (!keys_.emplace(certificate, key).second) return;
  by_age_.push_back(certificate);
  if (by_age_.size() <= kMax) return;
  keys_.erase(by_age_.front());
  by_age_.pop_front();
}

}  // namespace warren::tls
