#include "warren/crypto/keys.hpp"

#include "warren/base/assert.hpp"
#include "warren/base/protobuf_wire.hpp"

namespace warren {
namespace {

constexpr std::uint32_t kTypeField = 1;
constexpr std::uint32_t kDataField = 2;

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
      case kTypeField: message.type = static_cast<KeyType>(reader.varint()); break;
      case kDataField: message.data = reader.bytes(); break;
      default: reader.unknown();
    }
  }
  // Which rule of the encoding was broken does not matter: it is not the message that the ID was made from.
  if (!reader.finish() || fields != 2) return fail(Errc::kMalformed);
  return message;
}

Bytes write_message(KeyType type, BytesView data) {
  return ProtobufWriter().varint(kTypeField, static_cast<std::uint64_t>(type)).bytes(kDataField, data).take();
}

// Makes a key of the alternative that `make` has something else than kUnknownKeyType to say about; the last
// one's word counts.
template <class... Keys, class Make>
Result<std::variant<Keys...>> first_known(std::type_identity<std::variant<Keys...>>, Make make) {
  Result<std::variant<Keys...>> result = fail(Errc::kUnknownKeyType);
  const auto attempt = [&]<class Key>(std::type_identity<Key> which) {
    Result<Key> key = make(which);
    if (key) {
      result = std::move(*key);
    } else {
      result = fail(key.error());
    }
    return key || key.error() != Errc::kUnknownKeyType;
  };
  (attempt(std::type_identity<Keys>()) || ...);
  return result;
}

template <class Key>
Result<Key> from_message(BytesView bytes) {
  const auto message = read_message(bytes);
  if (!message) return fail(message.error());
  return first_known(std::type_identity<Key>(), [&]<class Type>(std::type_identity<Type>) -> Result<Type> {
    if (Type::kType != message->type) return fail(Errc::kUnknownKeyType);
    return Type::from_data(message->data);
  });
}

template <class Key>
KeyType type_of(const Key& key) {
  return std::visit([]<class Type>(const Type&) { return Type::kType; }, key);
}

}  // namespace

std::string_view name_of(KeyType type) {
  switch (type) {
    case KeyType::kRsa: return "RSA";
    case KeyType::kEd25519: return "Ed25519";
    case KeyType::kSecp256k1: return "secp256k1";
    case KeyType::kEcdsa: return "ECDSA";
    case KeyType::kSm2: return "SM2";
  }
  return "unknown";
}

Result<PublicKey> PublicKey::from_protobuf(BytesView bytes) {
  auto key = from_message<Key>(bytes);
  if (!key) return fail(key.error());
  return PublicKey(std::move(*key));
}

Result<PublicKey> PublicKey::from_ed25519(BytesView raw) {
  const auto key = Ed25519PublicKey::from_data(raw);
  if (!key) return fail(key.error());
  return PublicKey(*key);
}

PublicKey PublicKey::from_sm2(Sm2PublicKey key) {
  return PublicKey(Sm2PeerPublicKey(std::move(key)));
}

Bytes PublicKey::to_protobuf() const {
  return write_message(type(), data());
}

KeyType PublicKey::type() const {
  return type_of(key_);
}

Bytes PublicKey::data() const {
  return std::visit([](const auto& key) { return key.data(); }, key_);
}

const Sm2PublicKey* PublicKey::sm2() const {
  const auto* key = std::get_if<Sm2PeerPublicKey>(&key_);
  return key == nullptr ? nullptr : &key->sm2();
}

bool PublicKey::verify(BytesView message, BytesView signature) const {
  return std::visit([&](const auto& key) { return key.verify(message, signature); }, key_);
}

PrivateKey::PrivateKey(Key key)
    : key_(std::move(key)),
      public_key_(std::visit([](const auto& any) { return PublicKey(any.public_key()); }, key_)) {}

PrivateKey PrivateKey::generate(KeyType type, const RandomFill& random) {
  auto key =
      first_known(std::type_identity<Key>(), [&]<class Type>(std::type_identity<Type>) -> Result<Type> {
        if (Type::kType != type) return fail(Errc::kUnknownKeyType);
        return Type::generate(random);
      });
  WARREN_ASSERT(key.has_value());
  return PrivateKey(std::move(*key));
}

Result<PrivateKey> PrivateKey::from_protobuf(BytesView bytes) {
  auto key = from_message<Key>(bytes);
  if (!key) return fail(key.error());
  return PrivateKey(std::move(*key));
}

Result<PrivateKey> PrivateKey::from_ed25519_seed(BytesView seed) {
  auto key = Ed25519PrivateKey::from_seed(seed);
  if (!key) return fail(key.error());
  return PrivateKey(std::move(*key));
}

PrivateKey PrivateKey::from_sm2(Sm2PrivateKey key) {
  return PrivateKey(Sm2PeerPrivateKey(std::move(key)));
}

Result<PrivateKey> PrivateKey::from_openssl(const evp_pkey_st* openssl_key) {
  auto key = first_known(std::type_identity<Key>(), [&]<class Type>(std::type_identity<Type>) {
    return Type::from_openssl(openssl_key);
  });
  if (!key) return fail(key.error());
  return PrivateKey(std::move(*key));
}

SecretBytes PrivateKey::to_protobuf() const {
  const SecretBytes data = std::visit([](const auto& key) { return key.data(); }, key_);
  Bytes message = write_message(type(), data.view());
  SecretBytes result{BytesView(message)};
  wipe(message);
  return result;
}

std::shared_ptr<evp_pkey_st> PrivateKey::to_openssl() const {
  return std::visit([](const auto& key) { return key.to_openssl(); }, key_);
}

const Sm2PrivateKey* PrivateKey::sm2() const {
  const auto* key = std::get_if<Sm2PeerPrivateKey>(&key_);
  return key == nullptr ? nullptr : &key->sm2();
}

Bytes PrivateKey::sign(BytesView message) const {
  return std::visit([&](const auto& key) { return key.sign(message); }, key_);
}

}  // namespace warren
