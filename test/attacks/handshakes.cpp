#include "test/attacks/handshakes.hpp"

#include "warren/async/as_result.hpp"
#include "warren/base/protobuf_wire.hpp"
#include "warren/crypto/der.hpp"
#include "warren/env/clock.hpp"
#include "warren/security/noise/handshake_state.hpp"
#include "warren/security/noise/payload.hpp"
#include "warren/security/noise/transport.hpp"
#include "warren/security/tls/channel.hpp"
#include "warren/security/tls/test_certificates.hpp"
#include "warren/security/tls/transport.hpp"

namespace warren::attacks {

namespace {

constexpr std::size_t kHugeBits = 16384;
constexpr std::size_t kMessageMax = 8 * 1024;
constexpr Duration kAnswerTimeout = 10s;

// An odd number of so many bits.
Bytes number_of(std::size_t bits) {
  Bytes digits(bits / 8, 0x5a);
  digits.front() = 0xda;
  digits.back() |= 1;
  return digits;
}

// The PublicKey message of an RSA key whose exponent is as large as its modulus: one verification would take
// seconds. Nobody knows a private key to it, nor needs it.
Bytes huge_rsa_key() {
  Writer numbers, key, info, spki, message;
  write_der_unsigned(numbers, number_of(kHugeBits));
  write_der_unsigned(numbers, number_of(kHugeBits));
  key.u8(0);
  write_der(key, DerTag::kSequence, numbers.view());
  info.bytes(Bytes{0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00});
  write_der(info, DerTag::kBitString, key.view());
  write_der(spki, DerTag::kSequence, info.view());
  return ProtobufWriter().varint(1, 0).bytes(2, spki.view()).take();
}

// A private key with this modulus and the exponent 3, as OpenSSL knows it: what it signs verifies with no
// public exponent, but the peer has no business to get so far.
openssl::Key huge_rsa_certificate_key() {
  const std::size_t half = kHugeBits / 2;
  Bytes other = number_of(half);
  other[1] ^= 0xff;
  Writer numbers, der;
  const Bytes small = {3};
  const Bytes modulus = number_of(kHugeBits);
  const Bytes exponent = {1, 0, 1};
  const Bytes prime = number_of(half);
  write_der_unsigned(numbers, Bytes{0});
  for (const Bytes& number : {modulus, exponent, small, prime, other, small, small, small}) {
    write_der_unsigned(numbers, number);
  }
  write_der(der, DerTag::kSequence, numbers.view());
  const Bytes bytes = to_bytes(der.view());
  const unsigned char* at = bytes.data();
  return openssl::Key(d2i_PrivateKey(EVP_PKEY_RSA, nullptr, &at, static_cast<long>(bytes.size())));
}

// --- Noise, message by message ---

Task<void> write_message(ByteStream& pipe, Bytes message) {
  Writer framed;
  framed.u16(static_cast<std::uint16_t>(message.size())).bytes(message);
  const Bytes bytes = framed.take();
  co_await pipe.write(bytes);
}

Task<Bytes> read_message(ByteStream& pipe) {
  std::array<std::uint8_t, 2> size{};
  co_await read_exactly(pipe, size);
  Bytes message(std::size_t{size[0]} * 256 + size[1]);
  co_await read_exactly(pipe, message);
  co_return message;
}

noise::Payload payload_of(Env& env, BytesView static_key, std::string_view name) {
  const PrivateKey key = new_key(env);
  noise::Payload payload;
  payload.identity_key = key.public_key().to_protobuf();
  payload.identity_sig = key.sign(noise::signed_text(static_key));
  payload.extensions.stream_muxers = {"/yamux/1.0.0"};
  if (name == "noise_rsa") {
    payload.identity_key = huge_rsa_key();
    payload.identity_sig = number_of(kHugeBits);
  } else if (name == "noise_signature") {
    payload.identity_sig[7] ^= 1;
  } else if (name == "noise_stranger") {
    payload.identity_key = new_key(env).public_key().to_protobuf();
  } else if (name != "noise_good") {
    throw_error(Errc::kNotFound, std::string(name));
  }
  return payload;
}

// Waits for what the victim does next.
Task<Answer> answer_on(Env& env, ByteStream& stream) {
  const Instant start = env.clock.now();
  Bytes buffer(1024);
  const auto got = co_await as_result(with_timeout(env.clock, kAnswerTimeout, stream.read_some(buffer)));
  if (!got && got.error() == Errc::kTimedOut) throw_error(Errc::kTimedOut);
  co_return Answer{.refused = !got || *got == 0, .after = env.clock.now() - start};
}

Task<Answer> shake_hands_by_noise(Env& env, Victim victim, std::string name) {
  const auto random = [&env](MutableBytes to) { env.random.fill(to); };
  const X25519PrivateKey static_key = X25519PrivateKey::generate(random);
  noise::HandshakeState state(Side::kInitiator, static_key, X25519PrivateKey::generate(random));
  const StreamPtr pipe = co_await dial(env, victim, noise::kProtocolId);
  Bytes first;
  value_or_throw(state.write_message({}, first));
  co_await write_message(*pipe, std::move(first));
  const Bytes second = co_await read_message(*pipe);
  value_or_throw(state.read_message(second));
  const noise::Payload payload = payload_of(env, static_key.public_key(), name);
  Bytes third;
  value_or_throw(state.write_message(payload.encode(), third));
  WARREN_ASSERT(third.size() <= kMessageMax);  // else it would be refused for its size
  co_await write_message(*pipe, std::move(third));
  const Answer answer = co_await answer_on(env, *pipe);
  co_return answer;
}

// --- TLS ---

tls::CertifiedKey certified_key(Env& env, std::string_view name) {
  const PrivateKey host_key = new_key(env);
  tls::test::Recipe recipe;
  if (name == "tls_rsa") {
    recipe.change_signed_key = [](tls::SignedKey& signed_key) {
      signed_key.public_key = huge_rsa_key();
      signed_key.signature = number_of(kHugeBits);
    };
  } else if (name == "tls_rsa_certificate") {
    recipe.key = huge_rsa_certificate_key();
  } else if (name == "tls_signature") {
    recipe.change_signed_key = [](tls::SignedKey& signed_key) { signed_key.signature[7] ^= 1; };
  } else if (name == "tls_stranger") {
    const Bytes stranger = new_key(env).public_key().to_protobuf();
    recipe.change_signed_key = [stranger](tls::SignedKey& signed_key) { signed_key.public_key = stranger; };
  } else if (name != "tls_good") {
    throw_error(Errc::kNotFound, std::string(name));
  }
  const Bytes certificate = tls::test::make_der(host_key, recipe);
  const Bytes secret = openssl::to_der(&i2d_PrivateKey, static_cast<const EVP_PKEY*>(recipe.key.get()));
  return {.certificate = certificate, .private_key = SecretBytes(secret)};
}

Task<Answer> shake_hands_by_tls(Env& env, Victim victim, std::string name) {
  tls::Context context(certified_key(env, name));
  StreamPtr pipe = co_await dial(env, victim, tls::kProtocolId);
  std::vector<ProtocolId> muxers = {"/yamux/1.0.0"};
  tls::Session session = co_await tls::handshake(*pipe, Side::kInitiator, context, victim.peer,
                                                 std::move(muxers), BufferPool(), env.clock);
  tls::Channel channel(std::move(pipe), std::move(session));
  const Answer answer = co_await answer_on(env, channel);
  channel.reset();
  co_return answer;
}

}  // namespace

Task<Answer> shake_hands(Env& env, Victim victim, std::string name) {
  const bool tls = name.starts_with("tls_");
  return tls ? shake_hands_by_tls(env, std::move(victim), std::move(name))
             : shake_hands_by_noise(env, std::move(victim), std::move(name));
}

}  // namespace warren::attacks
