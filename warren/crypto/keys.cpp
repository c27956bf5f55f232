#include "warren/crypto/keys.hpp"

#include "warren/base/assert.hpp"
#include "warren/base/protobuf_wire.hpp"
#include "warren/crypto/sodium.hpp"

namespace warren {
namespace {

constexpr std::uint32_t kTypeField = 1;
constexpr std::uint32_t kDataField = 2;
constexpr std::size_t kSeedSize = crypto_sign_SEEDBYTES;
constexpr std::size_t kPublicSize = crypto_sign_PUBLICKEYBYTES;
constexpr std::size_t kSecretSize = crypto_sign_SECRETKEYBYTES;  // seed || public key

// PublicKey and PrivateKey are the same message.
struct KeyMessage {
  KeyType type{};
  BytesView data;
};

Result<KeyMessage> read_message(BytesView bytes) {
  KeyMessage message;
  int fields = 0;
  ProtobufReader reader(bytes, ProtobufForm::kCanonical);
  while (reader.next()) {
    ++fields;
    switch (reader.field()) {
      case kTypeField:
        message.type = static_cast<KeyType>(reader.varint());
        break;
      case kDataField:
        message.data = reader.bytes();
        break;
      default:
        reader.unknown();
    }
  }
  // Which rule of the encoding was broken does not matter: it is not the message that the ID was made from.
  if (!reader.finish() || fields != 2) return fail(Errc::kMalformed);
  return message;
}

Bytes write_message(KeyType type, BytesView data) {
  return ProtobufWriter().varint(kTypeField, static_cast<std::uint64_t>(type)).bytes(kDataField, data).take();
}

}  // namespace

std::string_view name_of(KeyType type) {
  switch (type) {
    case KeyType::kRsa:
      return "RSA";
    case KeyType::kEd25519:
      return "Ed25519";
    case KeyType::kSecp256k1:
      return "secp256k1";
    case KeyType::kEcdsa:
      return "ECDSA";
    case KeyType::kSm2:
      return "SM2";
  }
  return "unknown";
}

Result<PublicKey> PublicKey::from_protobuf(BytesView bytes) {
  const auto message = read_message(bytes);
  if (!message) return fail(message.error());
  if (message->type == KeyType::kEd25519) return from_ed25519(message->data);
  if (message->type != KeyType::kSm2) return fail(Errc::kUnknownKeyType);
  auto key = Sm2PublicKey::from_spki(message->data);
  if (!key) return fail(key.error());
  return from_sm2(std::move(*key));
}

Result<PublicKey> PublicKey::from_ed25519(BytesView raw) {
  if (raw.size() != kPublicSize) return fail(Errc::kBadKey);
  return PublicKey(KeyType::kEd25519, to_bytes(raw));
}

PublicKey PublicKey::from_sm2(Sm2PublicKey key) {
  PublicKey result(KeyType::kSm2, to_bytes(key.compressed()));
  result.sm2_ = std::move(key);
  return result;
}

Bytes PublicKey::to_protobuf() const {
  return write_message(type_, sm2_ ? sm2_->to_spki() : raw_);
}

bool PublicKey::verify(BytesView message, BytesView signature) const {
  if (sm2_) {
    const auto raw = sm2_signature_from_der(signature);
    return raw && sm2_->verify(message, *raw);
  }
  init_sodium();
  return signature.size() == crypto_sign_BYTES &&
         crypto_sign_verify_detached(signature.data(), sodium_data(message), message.size(), raw_.data()) ==
             0;
}

PrivateKey PrivateKey::generate(KeyType type, const RandomFill& random) {
  if (type == KeyType::kSm2) return from_sm2(Sm2PrivateKey::generate(random));
  WARREN_ASSERT(type == KeyType::kEd25519);
  SecretBytes seed(kSeedSize);
  random(seed.writable());
  return std::move(*from_ed25519_seed(seed.view()));
}

Result<PrivateKey> PrivateKey::from_protobuf(BytesView bytes) {
  const auto message = read_message(bytes);
  if (!message) return fail(message.error());
  const BytesView data = message->data;
  if (message->type == KeyType::kSm2) {
    auto key = Sm2PrivateKey::from_scalar(data);
    if (!key) return fail(key.error());
    return from_sm2(std::move(*key));
  }
  if (message->type != KeyType::kEd25519) return fail(Errc::kUnknownKeyType);
  if (data.size() != kSecretSize && data.size() != kSecretSize + kPublicSize) return fail(Errc::kBadKey);
  auto key = from_ed25519_seed(data.first(kSeedSize));
  // Signing with a public key that is not the seed's would give the seed away, so each copy has to be right.
  for (BytesView copies = data.subspan(kSeedSize); key && !copies.empty();
       copies = copies.subspan(kPublicSize)) {
    if (!equal(copies.first(kPublicSize), key->public_key().raw())) return fail(Errc::kBadKey);
  }
  return key;
}

Result<PrivateKey> PrivateKey::from_ed25519_seed(BytesView seed) {
  if (seed.size() != kSeedSize) return fail(Errc::kBadKey);
  init_sodium();
  Bytes public_bytes(kPublicSize);
  SecretBytes secret(kSecretSize);
  crypto_sign_seed_keypair(public_bytes.data(), secret.writable().data(), seed.data());
  PrivateKey key(*PublicKey::from_ed25519(public_bytes));
  key.ed25519_ = std::move(secret);
  return key;
}

PrivateKey PrivateKey::from_sm2(Sm2PrivateKey key) {
  PrivateKey result(PublicKey::from_sm2(key.public_key()));
  result.sm2_ = std::move(key);
  return result;
}

SecretBytes PrivateKey::to_protobuf() const {
  const SecretBytes d = sm2_ ? sm2_->scalar() : SecretBytes();
  Bytes message = write_message(type(), sm2_ ? d.view() : ed25519_.view());
  SecretBytes result{BytesView(message)};
  wipe(message);
  return result;
}

SecretBytes PrivateKey::secret() const {
  return sm2_ ? sm2_->scalar() : SecretBytes(ed25519_.view().first(kSeedSize));
}

Bytes PrivateKey::sign(BytesView message) const {
  if (sm2_) return sm2_signature_to_der(sm2_->sign(message));
  Bytes signature(crypto_sign_BYTES);
  crypto_sign_detached(signature.data(), nullptr, sodium_data(message), message.size(),
                       ed25519_.view().data());
  return signature;
}

}  // namespace warren
