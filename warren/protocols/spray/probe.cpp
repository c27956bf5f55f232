#include "warren/protocols/spray/probe.hpp"

#include "warren/crypto/hash.hpp"

namespace warren::spray {

namespace {

constexpr std::size_t kProofSize = 16;

}  // namespace

Bytes encode_probe(const Secret& secret, ProbeKind kind) {
  Bytes hashed = to_bytes("warren punch");
  append(hashed, secret.opening);
  append(hashed, secret.probing);
  hashed.push_back(static_cast<std::uint8_t>(kind));
  const Digest digest = sha256(hashed);
  Bytes datagram{static_cast<std::uint8_t>(kind)};
  append(datagram, BytesView(digest).first(kProofSize));
  return datagram;
}

std::optional<ProbeKind> decode_probe(const Secret& secret, BytesView datagram) {
  if (datagram.size() != 1 + kProofSize) return std::nullopt;
  const auto kind = static_cast<ProbeKind>(datagram.front());
  for (const ProbeKind known : {ProbeKind::kOpener, ProbeKind::kProbe, ProbeKind::kAnswer}) {
    if (kind == known && equal(encode_probe(secret, kind), datagram)) return kind;
  }
  return std::nullopt;
}

}  // namespace warren::spray
