#include "warren/multiformats/multiaddr_protocols.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "warren/base/assert.hpp"
#include "warren/base/reader.hpp"
#include "warren/base/writer.hpp"
#include "warren/multiformats/ip_text.hpp"
#include "warren/multiformats/multibase.hpp"
#include "warren/multiformats/multihash.hpp"
#include "warren/multiformats/peer_multihash.hpp"

namespace warren {
namespace {

template <class Number>
Result<Bytes> parse_number(std::string_view text) {
  Number number{};
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc{} || stop != end) return fail(Errc::kBadAddress);
  Bytes bytes(sizeof(Number));
  for (auto byte = bytes.rbegin(); byte != bytes.rend(); ++byte) {
    *byte = static_cast<std::uint8_t>(number);
    number = static_cast<Number>(std::uint64_t{number} >> 8);
  }
  return bytes;
}

std::string print_number(BytesView value) {
  std::uint64_t number = 0;
  for (const std::uint8_t byte : value) number = number << 8 | byte;
  return std::to_string(number);
}

// Host names and zones. Only visible ASCII: internationalised names travel in their xn-- form, and what a
// peer sends is shown on terminals.
bool valid_name(BytesView value) {
  const auto visible = [](std::uint8_t c) { return c > ' ' && c < 0x7f && c != '/'; };
  return !value.empty() && std::ranges::all_of(value, visible);
}

Result<Bytes> parse_name(std::string_view text) {
  if (!valid_name(as_bytes(text))) return fail(Errc::kBadAddress);
  return to_bytes(text);
}

// An absolute path; the slash that ends the protocol's name in text is its first character.
bool valid_path(BytesView value) {
  const auto control = [](std::uint8_t c) { return c < ' ' || c == 0x7f; };
  return value.size() >= 2 && value.front() == '/' && value.back() != '/' &&
         std::ranges::none_of(value, control);
}

Result<Bytes> parse_path(std::string_view text) {
  Bytes value = to_bytes("/");
  append(value, as_bytes(text.substr(0, text.find_last_not_of('/') + 1)));
  if (!valid_path(value)) return fail(Errc::kBadAddress);
  return value;
}

std::string print_path(BytesView value) {
  return to_text(value.subspan(1));
}

// http-path: percent-encoding of RFC 3986; the unreserved characters stand for themselves.
bool unreserved(std::uint8_t c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
         c == '_' || c == '~';
}

Result<Bytes> parse_percent(std::string_view text) {
  Bytes value;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      if (!valid_name(as_bytes(text.substr(i, 1)))) return fail(Errc::kBadAddress);
      value.push_back(static_cast<std::uint8_t>(text[i]));
      continue;
    }
    const auto byte = from_hex(text.substr(i + 1, 2));
    if (!byte || byte->size() != 1) return fail(Errc::kBadAddress);
    value.push_back(byte->front());
    i += 2;
  }
  if (value.empty()) return fail(Errc::kBadAddress);
  return value;
}

std::string print_percent(BytesView value) {
  std::string text;
  for (const std::uint8_t c : value) {
    if (unreserved(c)) {
      text += static_cast<char>(c);
      continue;
    }
    constexpr std::string_view kDigits = "0123456789ABCDEF";
    text += {'%', kDigits[c >> 4], kDigits[c & 15]};
  }
  return text;
}

bool not_empty(BytesView value) {
  return !value.empty();
}

Result<Bytes> parse_peer(std::string_view text) {
  auto peer = parse_peer_multihash(text);
  if (!peer) return fail(Errc::kBadAddress);
  return peer;
}

bool valid_peer(BytesView value) {
  return check_peer_multihash(value).has_value();
}

Result<Bytes> parse_certhash(std::string_view text) {
  auto hash = multibase_decode(text);
  if (!hash || !Multihash::decode(*hash)) return fail(Errc::kBadAddress);
  return hash;
}

std::string print_certhash(BytesView value) {
  return multibase_encode(Multibase::kBase64Url, value);
}
bool valid_certhash(BytesView value) {
  return Multihash::decode(value).has_value();
}

constexpr ProtocolSpec flag(Protocol code, std::string_view name) {
  return {code, name, 0, false};
}

constexpr ProtocolSpec port(Protocol code, std::string_view name) {
  return {code, name, 2, false, parse_number<std::uint16_t>, print_number};
}

constexpr ProtocolSpec name(Protocol code, std::string_view name) {
  return {code, name, ProtocolSpec::kSizePrefixed, false, parse_name, to_text, valid_name};
}

constexpr int kSizePrefixed = ProtocolSpec::kSizePrefixed;
constexpr auto kSpecs = std::to_array<ProtocolSpec>({
    {Protocol::kIp4, "ip4", 4, false, parse_ip4, ip_to_string},
    port(Protocol::kTcp, "tcp"),
    {Protocol::kIp6, "ip6", 16, false, parse_ip6, ip_to_string},
    name(Protocol::kIp6Zone, "ip6zone"),
    name(Protocol::kDns, "dns"),
    name(Protocol::kDns4, "dns4"),
    name(Protocol::kDns6, "dns6"),
    name(Protocol::kDnsaddr, "dnsaddr"),
    port(Protocol::kUdp, "udp"),
    flag(Protocol::kWebrtcDirect, "webrtc-direct"),
    flag(Protocol::kWebrtc, "webrtc"),
    flag(Protocol::kP2pCircuit, "p2p-circuit"),
    {Protocol::kUnix, "unix", kSizePrefixed, true, parse_path, print_path, valid_path},
    {Protocol::kP2p, "p2p", kSizePrefixed, false, parse_peer, base58_encode, valid_peer},
    flag(Protocol::kTls, "tls"),
    name(Protocol::kSni, "sni"),
    flag(Protocol::kNoise, "noise"),
    flag(Protocol::kQuic, "quic"),
    flag(Protocol::kQuicV1, "quic-v1"),
    flag(Protocol::kWebtransport, "webtransport"),
    {Protocol::kCerthash, "certhash", kSizePrefixed, false, parse_certhash, print_certhash, valid_certhash},
    flag(Protocol::kWs, "ws"),
    flag(Protocol::kWss, "wss"),
    flag(Protocol::kHttp, "http"),
    {Protocol::kHttpPath, "http-path", kSizePrefixed, false, parse_percent, print_percent, not_empty},
    {Protocol::kMemory, "memory", 8, false, parse_number<std::uint64_t>, print_number},
});

}  // namespace

const ProtocolSpec* find_protocol(std::uint64_t code) {
  const auto found = std::ranges::find_if(
      kSpecs, [code](const ProtocolSpec& spec) { return static_cast<std::uint64_t>(spec.code) == code; });
  return found == kSpecs.end() ? nullptr : &*found;
}

const ProtocolSpec* find_protocol(std::string_view name) {
  if (name == "ipfs") name = "p2p";  // its former name
  const auto found = std::ranges::find(kSpecs, name, &ProtocolSpec::name);
  return found == kSpecs.end() ? nullptr : &*found;
}

const ProtocolSpec& spec_of(Protocol code) {
  const ProtocolSpec* spec = find_protocol(static_cast<std::uint64_t>(code));
  WARREN_ASSERT(spec != nullptr);
  return *spec;
}

bool valid_value(const ProtocolSpec& spec, BytesView value) {
  if (spec.size != kSizePrefixed && value.size() != static_cast<std::size_t>(spec.size)) return false;
  return spec.valid == nullptr || spec.valid(value);
}

}  // namespace warren
