// Multiaddr: a self-describing network address, a sequence of (protocol, value) pairs such as
// /ip4/192.0.2.1/udp/4001/quic-v1/p2p/12D3KooW... On the wire each pair is varint(code), then the value,
// preceded by varint(size) where the protocol's values vary in size.
// https://github.com/multiformats/multiaddr
#pragma once

#include <compare>
#include <functional>
#include <initializer_list>
#include <optional>

#include "warren/base/bytes.hpp"

namespace warren {

// Codes of the multicodec table. A code that is not listed here is kBadAddress in text and in binary: nothing
// could be said about the size of its value.
enum class Protocol : std::uint32_t {
  kIp4 = 0x04,
  kTcp = 0x06,
  kIp6 = 0x29,
  kIp6Zone = 0x2a,
  kDns = 0x35,
  kDns4 = 0x36,
  kDns6 = 0x37,
  kDnsaddr = 0x38,
  kUdp = 0x0111,
  kWebrtcDirect = 0x0118,
  kWebrtc = 0x0119,
  kP2pCircuit = 0x0122,
  kUnix = 0x0190,
  kP2p = 0x01a5,
  kTls = 0x01c0,
  kSni = 0x01c1,
  kNoise = 0x01c6,
  kQuic = 0x01cc,
  kQuicV1 = 0x01cd,
  kWebtransport = 0x01d1,
  kCerthash = 0x01d2,
  kWs = 0x01dd,
  kWss = 0x01de,
  kHttp = 0x01e0,
  kHttpPath = 0x01e1,
  kMemory = 0x0309,
};

// Input limits of Multiaddr::parse and from_bytes.
inline constexpr std::size_t kMultiaddrSizeMax =
    1024;  // a relayed WebTransport address takes about 300 bytes
inline constexpr std::size_t kMultiaddrComponentsMax = 32;  // the same address has 12
inline constexpr std::size_t kMultiaddrCircuitsMax =
    2;  // nobody relays over relays; one spare for odd setups

// One (protocol, value) pair. `value` is the wire form without its size prefix: 4 or 16 bytes of an IP
// address, 2 bytes of a port (big-endian), a multihash for p2p and certhash, 8 bytes for memory, text for the
// others, nothing for flags.
struct Component {
  Protocol code{};
  Bytes value;

  // "ip4", "quic-v1", ...
  std::string_view name() const;
  // The value as it stands in the text form; empty for a protocol without a value.
  std::string value_text() const;
  // The number of a tcp or udp component. Precondition: the value has two bytes.
  std::uint16_t port() const;

  bool operator==(const Component&) const = default;
};

// A valid multiaddr, held in its binary form; empty when default-constructed. Ordered and compared by those
// bytes.
class Multiaddr {
 public:
  Multiaddr() = default;

  // kBadAddress for anything that is not a multiaddr of known protocols, or that is over a limit above.
  // "/ipfs/..." is read as "/p2p/..."; a peer may be given in base58 or as a CID.
  static Result<Multiaddr> parse(std::string_view text);
  static Result<Multiaddr> from_bytes(BytesView bytes);
  // Precondition: each value is valid for its protocol.
  static Multiaddr of(std::initializer_list<Component> components);

  const Bytes& bytes() const { return bytes_; }
  // Canonical text: RFC 5952 for IPv6, base58 for peers, base64url for certificate hashes. Never contains
  // control characters, so it can be shown and logged.
  std::string to_string() const;
  bool empty() const { return bytes_.empty(); }

  std::vector<Component> components() const;
  bool has(Protocol code) const;
  // The value of the first component with this code.
  std::optional<Bytes> value_of(Protocol code) const;
  // Multihash of the peer the whole address leads to: the last /p2p, unless a /p2p-circuit follows it,
  // because then it names only the relay. crypto's PeerId::of(address) gives the typed form.
  std::optional<Bytes> peer_id() const;

  // Composition never fails and does not check the input limits again: an address put together from two valid
  // ones may be over them, and others then refuse to read it.
  Multiaddr encapsulate(const Multiaddr& inner) const;
  // Precondition: the value is valid for the protocol.
  Multiaddr with(Protocol code, BytesView value = {}) const;
  Multiaddr with_port(Protocol code, std::uint16_t port) const;

  // Everything before the last occurrence of `inner`'s components; the whole address when it does not occur.
  Multiaddr decapsulate(const Multiaddr& inner) const;
  // Everything before, or after, the last component with this code; before: the whole address when there is
  // none, after: empty then. before(kP2pCircuit) is the relay's address, before(kP2p) strips the peer.
  Multiaddr before_last(Protocol code) const;
  Multiaddr after_last(Protocol code) const;
  // Without the last component; empty stays empty.
  Multiaddr decapsulate_last() const;

  bool operator==(const Multiaddr&) const = default;
  std::strong_ordering operator<=>(const Multiaddr&) const = default;

 private:
  explicit Multiaddr(Bytes bytes) : bytes_(std::move(bytes)) {}

  Bytes bytes_;
};

}  // namespace warren

template <>
struct std::hash<warren::Multiaddr> {
  std::size_t operator()(const warren::Multiaddr& address) const {
    return std::hash<std::string_view>{}(warren::as_text(address.bytes()));
  }
};
