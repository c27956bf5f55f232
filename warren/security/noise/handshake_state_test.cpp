#include "warren/security/noise/handshake_state.hpp"

#include <doctest/doctest.h>

#include <fstream>
#include <functional>
#include <map>

using namespace warren;
using namespace warren::noise;

namespace {

using Vector = std::map<std::string, Bytes>;

std::vector<Vector> read_vectors(const std::string& path) {
  std::ifstream file(path);
  REQUIRE_MESSAGE(file.good(), path);
  std::vector<Vector> vectors(1);
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with('#')) continue;
    if (line.empty() && !vectors.back().empty()) vectors.emplace_back();
    const std::size_t equals = line.find('=');
    if (equals != std::string::npos) {
      vectors.back()[line.substr(0, equals)] = value_or_throw(from_hex(line.substr(equals + 1)), line);
    }
  }
  if (vectors.back().empty()) vectors.pop_back();
  return vectors;
}

X25519PrivateKey key_of(const Bytes& bytes) {
  return X25519PrivateKey(BytesView(bytes).first<kX25519Size>());
}

X25519PrivateKey key_of(std::uint8_t seed) {
  return key_of(Bytes(kX25519Size, seed));
}

// Both sides of one handshake, with fixed keys.
struct Pair {
  X25519PrivateKey initiator_key = key_of(1);
  X25519PrivateKey responder_key = key_of(2);
  HandshakeState initiator{Side::kInitiator, initiator_key, key_of(3)};
  HandshakeState responder{Side::kResponder, responder_key, key_of(4)};

  HandshakeState& writer(int message) { return message % 2 == 0 ? initiator : responder; }
  HandshakeState& reader(int message) { return message % 2 == 0 ? responder : initiator; }

  Bytes write(int message) {
    Bytes bytes;
    REQUIRE(writer(message).write_message(as_bytes("payload"), bytes));
    return bytes;
  }
  // All messages before this one.
  void exchange_until(int message) {
    for (int i = 0; i < message; ++i) REQUIRE(reader(i).read_message(write(i)));
  }
};

}  // namespace

TEST_CASE("the handshake and the ciphers give the framework's official messages") {
  const auto vectors = read_vectors("test/vectors/noise_xx.txt");
  REQUIRE(vectors.size() >= 4);
  for (const Vector& vector : vectors) {
    const X25519PrivateKey initiator_key = key_of(vector.at("init_static"));
    const X25519PrivateKey responder_key = key_of(vector.at("resp_static"));
    HandshakeState initiator(Side::kInitiator, initiator_key, key_of(vector.at("init_ephemeral")),
                             vector.at("prologue"));
    HandshakeState responder(Side::kResponder, responder_key, key_of(vector.at("resp_ephemeral")),
                             vector.at("prologue"));
    const auto payload = [&](int i) { return vector.at("msg_" + std::to_string(i) + "_payload"); };
    const auto ciphertext = [&](int i) { return vector.at("msg_" + std::to_string(i) + "_ciphertext"); };

    for (int i = 0; i < 3; ++i) {
      HandshakeState& writer = i % 2 == 0 ? initiator : responder;
      HandshakeState& reader = i % 2 == 0 ? responder : initiator;
      CHECK(writer.my_turn());
      CHECK(!reader.my_turn());
      Bytes message;
      REQUIRE(writer.write_message(payload(i), message));
      CHECK(to_hex(message) == to_hex(ciphertext(i)));
      const auto read = reader.read_message(message);
      REQUIRE(read);
      CHECK(*read == payload(i));
    }

    CHECK(initiator.complete());
    CHECK(responder.complete());
    CHECK(initiator.handshake_hash() == responder.handshake_hash());
    CHECK(initiator.remote_static() == responder_key.public_key());
    CHECK(responder.remote_static() == initiator_key.public_key());

    auto from_initiator = initiator.split();
    auto from_responder = responder.split();
    Bytes sealed(payload(3).size() + kTagSize);
    REQUIRE(from_initiator.sending.seal({}, payload(3), sealed));
    CHECK(to_hex(sealed) == to_hex(ciphertext(3)));
    Bytes opened(payload(3).size());
    REQUIRE(from_responder.receiving.open({}, sealed, opened));
    CHECK(opened == payload(3));

    sealed.resize(payload(4).size() + kTagSize);
    REQUIRE(from_responder.sending.seal({}, payload(4), sealed));
    CHECK(to_hex(sealed) == to_hex(ciphertext(4)));
  }
}

TEST_CASE("two sides that were told different prologues do not understand each other") {
  const X25519PrivateKey initiator_key = key_of(1);
  const X25519PrivateKey responder_key = key_of(2);
  HandshakeState initiator(Side::kInitiator, initiator_key, key_of(3), as_bytes("one"));
  HandshakeState responder(Side::kResponder, responder_key, key_of(4), as_bytes("other"));
  Bytes first;
  REQUIRE(initiator.write_message({}, first));
  REQUIRE(responder.read_message(first));
  Bytes second;
  REQUIRE(responder.write_message({}, second));
  CHECK(initiator.read_message(second).error() == Errc::kDecryptFailed);
}

TEST_CASE("a message that was changed anywhere ends the handshake") {
  for (int message = 1; message < 3; ++message) {
    const std::size_t size = Pair().write(0).size() + (message == 1 ? 64 : 32);
    for (std::size_t i = 0; i < size; ++i) {
      INFO("message ", message, ", byte ", i);
      Pair pair;
      pair.exchange_until(message);
      Bytes bytes = pair.write(message);
      REQUIRE(bytes.size() == size);
      bytes[i] ^= 0x10;
      CHECK(pair.reader(message).read_message(bytes).error() == Errc::kDecryptFailed);
    }
  }
}

TEST_CASE("a first message that was changed makes the second one unreadable") {
  const std::size_t size = Pair().write(0).size();
  for (std::size_t i = 0; i < size; ++i) {
    INFO("byte ", i);
    Pair pair;
    Bytes first = pair.write(0);
    first[i] ^= 0x10;
    REQUIRE(pair.responder.read_message(first));
    CHECK(pair.initiator.read_message(pair.write(1)).error() == Errc::kDecryptFailed);
  }
}

TEST_CASE("a message that was cut ends the handshake") {
  for (int message = 0; message < 3; ++message) {
    Pair whole;
    whole.exchange_until(message);
    const std::size_t payload_size = message == 0 ? 7 : 7 + kTagSize;
    const std::size_t size = whole.write(message).size();
    for (std::size_t cut = 0; cut < size; ++cut) {
      INFO("message ", message, ", cut to ", cut);
      Pair pair;
      pair.exchange_until(message);
      const Bytes bytes = pair.write(message);
      const auto read = pair.reader(message).read_message(BytesView(bytes).first(cut));
      if (message == 0 && cut >= kX25519Size) {
        CHECK(read);  // in the clear: nothing can tell
      } else {
        REQUIRE(!read);
        const bool keys_there = cut >= size - payload_size;
        CHECK((read.error() == Errc::kTruncated || (keys_there && read.error() == Errc::kDecryptFailed)));
      }
    }
  }
}

TEST_CASE("a key that makes the same secret with every other one is refused") {
  Pair pair;
  Bytes message;
  REQUIRE(pair.responder.read_message(Bytes(kX25519Size, 0)));
  CHECK(pair.responder.write_message({}, message).error() == Errc::kBadKey);

  Pair other;
  const Bytes first = other.write(0);
  CHECK(other.initiator.read_message(Bytes(kX25519Size + 48 + 16, 0)).error() == Errc::kBadKey);
}

TEST_CASE("a cipher state ends before its reserved nonce") {
  CipherState sender(std::array<std::uint8_t, kKeySize>{});
  CipherState receiver(std::array<std::uint8_t, kKeySize>{});
  sender.set_nonce(CipherState::kNonceMax - 1);
  receiver.set_nonce(CipherState::kNonceMax - 1);
  Bytes sealed(kTagSize + 1);
  Bytes opened(1);
  REQUIRE(sender.seal({}, as_bytes("x"), sealed));
  REQUIRE(receiver.open({}, sealed, opened));
  CHECK(sender.seal({}, as_bytes("x"), sealed).error() == Errc::kLimitReached);
  CHECK(receiver.open({}, sealed, opened).error() == Errc::kLimitReached);
}

TEST_CASE("a failed decryption leaves the nonce where it is") {
  CipherState sender(std::array<std::uint8_t, kKeySize>{});
  CipherState receiver(std::array<std::uint8_t, kKeySize>{});
  Bytes sealed(kTagSize + 1);
  Bytes opened(1);
  REQUIRE(sender.seal(as_bytes("a"), as_bytes("x"), sealed));
  CHECK(receiver.open(as_bytes("b"), sealed, opened).error() == Errc::kDecryptFailed);
  CHECK(receiver.nonce() == 0);
  CHECK(receiver.open(as_bytes("a"), sealed, opened));
  CHECK(as_text(opened) == "x");
}
