// For this folder's tests: QUIC packets with a short header, made and opened with the keys of a connection.
// RFC 9000, section 17.3; RFC 9001, section 5
#pragma once

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <ngtcp2/ngtcp2_crypto.h>

#include <array>
#include <optional>

#include "warren/transport/quic/connection_id.hpp"

namespace warren::quic::test {

// RFC 9000, section 20.1.
enum TransportError : std::uint64_t {
  kFlowControlError = 0x3,
  kStreamLimitError = 0x4,
  kStreamStateError = 0x5,
  kFinalSizeError = 0x6,
  kFrameEncodingError = 0x7,
  kConnectionIdLimitError = 0x9,
  kProtocolViolation = 0xa,
  kCryptoBufferExceeded = 0xd,
};

// Frames of a packet, in the making.
struct Frames {
  Bytes bytes;

  Frames& integer(std::uint64_t value) {
    const int log = value < 64 ? 0 : value < 16384 ? 1 : value < (1ULL << 30) ? 2 : 3;
    for (int i = (1 << log) - 1; i >= 0; --i) {
      const auto byte = static_cast<std::uint8_t>(value >> (8 * i));
      bytes.push_back(i == (1 << log) - 1 ? static_cast<std::uint8_t>(byte | log << 6) : byte);
    }
    return *this;
  }
  Frames& frame(std::uint8_t type, std::initializer_list<std::uint64_t> fields) {
    integer(type);
    for (const std::uint64_t field : fields) integer(field);
    return *this;
  }
  Frames& raw(BytesView more) {
    append(bytes, more);
    return *this;
  }
  // NEW_CONNECTION_ID; the ID follows from its number.
  Frames& new_id(std::uint64_t sequence, std::uint64_t retire_prior_to) {
    frame(0x18, {sequence, retire_prior_to});
    bytes.push_back(8);
    Bytes id(8 + 16, 0x77);
    for (std::size_t i = 0; i < 8; ++i) id[i] = static_cast<std::uint8_t>(sequence >> (8 * i));
    return raw(id);
  }
  Frames& stream(std::uint64_t id, std::uint64_t offset, BytesView data) {
    return frame(0x0e, {id, offset, data.size()}).raw(data);
  }
  Frames& crypto(std::uint64_t offset, BytesView data) {
    return frame(0x06, {offset, data.size()}).raw(data);
  }
  Frames& challenge(std::uint64_t data) {
    bytes.push_back(0x1a);
    for (int i = 0; i < 8; ++i) bytes.push_back(static_cast<std::uint8_t>(data >> (8 * i)));
    return *this;
  }
};

// AES-128-GCM, as both sides of these tests prefer it.
class PacketKeys {
 public:
  explicit PacketKeys(BytesView secret) {
    std::array<std::uint8_t, 16> key;
    std::array<std::uint8_t, 16> header_key;
    derive(secret, "quic key", key);
    derive(secret, "quic iv", iv_);
    derive(secret, "quic hp", header_key);
    gnutls_datum_t datum{key.data(), key.size()};
    gnutls_aead_cipher_init(&aead_, GNUTLS_CIPHER_AES_128_GCM, &datum);
    gnutls_datum_t header_datum{header_key.data(), header_key.size()};
    std::array<std::uint8_t, 16> zero{};
    gnutls_datum_t zero_datum{zero.data(), zero.size()};
    gnutls_cipher_init(&header_, GNUTLS_CIPHER_AES_128_CBC, &header_datum, &zero_datum);
  }
  ~PacketKeys() {
    gnutls_aead_cipher_deinit(aead_);
    gnutls_cipher_deinit(header_);
  }
  PacketKeys(const PacketKeys&) = delete;
  PacketKeys& operator=(const PacketKeys&) = delete;

  Bytes seal(const ConnectionId& to, std::uint32_t number, Bytes frames) {
    if (frames.size() < 4) frames.resize(4);  // for the sample
    Bytes packet{0x43};
    append(packet, to.view());
    const std::size_t number_at = packet.size();
    for (int shift = 24; shift >= 0; shift -= 8) packet.push_back(static_cast<std::uint8_t>(number >> shift));
    Bytes sealed(frames.size() + kTag);
    std::size_t size = sealed.size();
    const auto nonce = nonce_of(number);
    gnutls_aead_cipher_encrypt(aead_, nonce.data(), nonce.size(), packet.data(), packet.size(), kTag,
                               frames.data(), frames.size(), sealed.data(), &size);
    append(packet, sealed);
    protect(packet, number_at, 4);
    return packet;
  }

  // The frames of a packet with a short header that is addressed by an ID of 8 bytes; sets its number.
  std::optional<Bytes> open(BytesView datagram, std::uint32_t& number) {
    constexpr std::size_t kNumberAt = 1 + kConnectionIdSize;
    if (datagram.size() < kNumberAt + 4 + 16 || (datagram.front() & 0x80) != 0) return std::nullopt;
    Bytes packet = to_bytes(datagram);
    const auto mask = mask_of(packet, kNumberAt);
    packet[0] ^= mask[0] & 0x1f;
    const std::size_t length = (packet[0] & 3u) + 1;
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < length; ++i) {
      packet[kNumberAt + i] ^= mask[1 + i];
      value = value << 8 | packet[kNumberAt + i];
    }
    // Numbers only rise in these tests, by less than 128.
    const std::uint64_t window = 1ULL << (8 * length);
    while (value + window / 2 <= number) value += static_cast<std::uint32_t>(window);
    const std::size_t header = kNumberAt + length;
    Bytes frames(packet.size() - header);
    std::size_t size = frames.size();
    const auto nonce = nonce_of(value);
    if (gnutls_aead_cipher_decrypt(aead_, nonce.data(), nonce.size(), packet.data(), header, kTag,
                                   packet.data() + header, packet.size() - header, frames.data(),
                                   &size) != 0) {
      return std::nullopt;
    }
    frames.resize(size);
    number = value;
    return frames;
  }

 private:
  static constexpr std::size_t kTag = 16;

  static void derive(BytesView secret, std::string_view label, MutableBytes to) {
    ngtcp2_crypto_md md;
    md.native_handle = reinterpret_cast<void*>(GNUTLS_DIG_SHA256);
    ngtcp2_crypto_hkdf_expand_label(to.data(), to.size(), &md, secret.data(), secret.size(),
                                    reinterpret_cast<const std::uint8_t*>(label.data()), label.size());
  }
  std::array<std::uint8_t, 12> nonce_of(std::uint32_t number) const {
    std::array<std::uint8_t, 12> nonce = iv_;
    for (std::size_t i = 0; i < 4; ++i) nonce[11 - i] ^= static_cast<std::uint8_t>(number >> (8 * i));
    return nonce;
  }
  std::array<std::uint8_t, 16> mask_of(BytesView packet, std::size_t number_at) {
    std::array<std::uint8_t, 16> mask;
    std::array<std::uint8_t, 16> zero{};
    gnutls_cipher_set_iv(header_, zero.data(), zero.size());
    gnutls_cipher_encrypt2(header_, packet.data() + number_at + 4, mask.size(), mask.data(), mask.size());
    return mask;
  }
  void protect(Bytes& packet, std::size_t number_at, std::size_t length) {
    const auto mask = mask_of(packet, number_at);
    packet[0] ^= mask[0] & 0x1f;
    for (std::size_t i = 0; i < length; ++i) packet[number_at + i] ^= mask[1 + i];
  }

  std::array<std::uint8_t, 12> iv_{};
  gnutls_aead_cipher_hd_t aead_ = nullptr;
  gnutls_cipher_hd_t header_ = nullptr;
};

// What a connection's keys derive from (RFC 8446, section 7.1).
struct Secrets {
  Bytes client;
  Bytes server;
};

// Notes them while the handshake makes them; of one session at a time.
class SecretRecorder {
 public:
  explicit SecretRecorder(gnutls_session_int* session) {
    current = this;
    gnutls_session_set_keylog_function(session, &note);
  }
  ~SecretRecorder() { current = nullptr; }
  SecretRecorder(const SecretRecorder&) = delete;
  SecretRecorder& operator=(const SecretRecorder&) = delete;

  Secrets secrets;

 private:
  static int note(gnutls_session_t, const char* label, const gnutls_datum_t* secret) {
    const Bytes bytes(secret->data, secret->data + secret->size);
    if (current == nullptr) return 0;
    if (std::string_view(label) == "CLIENT_TRAFFIC_SECRET_0") current->secrets.client = bytes;
    if (std::string_view(label) == "SERVER_TRAFFIC_SECRET_0") current->secrets.server = bytes;
    return 0;
  }
  static inline SecretRecorder* current = nullptr;
};

}  // namespace warren::quic::test
