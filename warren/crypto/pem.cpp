#include "warren/crypto/pem.hpp"

#include <openssl/core_names.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>

#include <algorithm>

#include "warren/base/assert.hpp"
#include "warren/base/writer.hpp"
#include "warren/crypto/openssl.hpp"

namespace warren {
namespace {

constexpr std::uint64_t kScryptN = 1 << 14;
constexpr std::uint64_t kScryptR = 8;
constexpr std::uint64_t kScryptP = 1;

// PKCS#8 around the 32 secret bytes; both have one size, so their DER is constant but for the key.
//   SM2: version 0, {id-ecPublicKey, SM2 curve}, ECPrivateKey {1, d, [1] public point}; RFC 5915
constexpr std::string_view kSm2Pkcs8 =
    "308187020100301306072a8648ce3d020106082a811ccf5501822d046d306b0201010420";
constexpr std::string_view kSm2Pkcs8Point = "a144034200";
//   Ed25519: version 0, {id-Ed25519}, seed; RFC 8410
constexpr std::string_view kEd25519Pkcs8 = "302e020100300506032b657004220420";

SecretBytes to_pkcs8(const PrivateKey& key) {
  const SecretBytes secret = key.secret();
  Bytes der = *from_hex(key.sm2() != nullptr ? kSm2Pkcs8 : kEd25519Pkcs8);
  der.reserve(der.size() + 128);  // no second copy of the secret is left behind by growth
  append(der, secret.view());
  if (key.sm2() != nullptr) {
    append(der, *from_hex(kSm2Pkcs8Point));
    append(der, key.public_key().sm2()->uncompressed());
  }
  SecretBytes result{BytesView(der)};
  wipe(der);
  return result;
}

openssl::EncryptedPkcs8 encrypt(BytesView pkcs8, std::string_view passphrase, const RandomFill& random) {
  std::array<std::uint8_t, 16> salt;
  std::array<std::uint8_t, 16> iv;
  random(salt);
  random(iv);
  X509_ALGOR* algorithm = PKCS5_pbe2_set_scrypt(EVP_aes_256_cbc(), salt.data(), salt.size(), iv.data(),
                                                kScryptN, kScryptR, kScryptP);
  const std::uint8_t* next = pkcs8.data();
  const openssl::Pkcs8 info(d2i_PKCS8_PRIV_KEY_INFO(nullptr, &next, static_cast<long>(pkcs8.size())));
  openssl::EncryptedPkcs8 encrypted(
      PKCS8_set0_pbe(passphrase.data(), static_cast<int>(passphrase.size()), info.get(), algorithm));
  WARREN_ASSERT(encrypted != nullptr);
  return encrypted;
}

BytesView contents(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  return as_bytes({data, static_cast<std::size_t>(size)});
}

openssl::Bio reading(std::string_view text) {
  return openssl::Bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

int give_passphrase(char* buffer, int capacity, int /*writing*/, void* passphrase) {
  const auto& text = *static_cast<const std::string_view*>(passphrase);
  if (text.empty() || text.size() > static_cast<std::size_t>(capacity)) return -1;
  std::ranges::copy(text, buffer);
  return static_cast<int>(text.size());
}

Result<Sm2PublicKey> public_half(const EVP_PKEY* key) {
  std::array<std::uint8_t, kSm2UncompressedSize> point;
  std::size_t size = 0;
  const int ok =
      EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size(), &size);
  if (ok != 1) return fail(Errc::kBadKey);
  const BytesView bytes = BytesView(point).first(size);
  return size == kSm2KeySize ? Sm2PublicKey::from_compressed(bytes) : Sm2PublicKey::from_uncompressed(bytes);
}

Result<PrivateKey> take_sm2(const EVP_PKEY* key) {
  BIGNUM* number = nullptr;
  if (EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_PRIV_KEY, &number) != 1) return fail(Errc::kBadKey);
  const openssl::Bignum owned(number);
  SecretBytes d(32);
  if (BN_bn2binpad(number, d.writable().data(), 32) != 32) return fail(Errc::kBadKey);
  auto result = Sm2PrivateKey::from_scalar(d.view());
  if (!result) return fail(result.error());
  const auto stored = public_half(key);
  if (!stored || *stored != result->public_key()) return fail(Errc::kBadKey);
  return PrivateKey::from_sm2(std::move(*result));
}

Result<PrivateKey> take_ed25519(const EVP_PKEY* key) {
  SecretBytes seed(32);
  std::size_t size = seed.size();
  if (EVP_PKEY_get_raw_private_key(key, seed.writable().data(), &size) != 1) return fail(Errc::kBadKey);
  return PrivateKey::from_ed25519_seed(seed.view());
}

}  // namespace

SecretBytes private_key_to_pem(const PrivateKey& key, std::string_view passphrase, const RandomFill& random) {
  const SecretBytes pkcs8 = to_pkcs8(key);
  const openssl::Bio bio(BIO_new(BIO_s_mem()));
  const int ok = passphrase.empty()
                     ? PEM_write_bio(bio.get(), PEM_STRING_PKCS8INF, "", pkcs8.view().data(),
                                     static_cast<long>(pkcs8.size()))
                     : PEM_write_bio_PKCS8(bio.get(), encrypt(pkcs8.view(), passphrase, random).get());
  WARREN_ASSERT(ok > 0);
  return SecretBytes(contents(bio.get()));
}

Result<PrivateKey> private_key_from_pem(std::string_view pem, std::string_view passphrase) {
  if (pem.size() > kPemSizeMax) return fail(Errc::kTooLarge);
  const openssl::ErrorScope errors;
  const openssl::Key key(PEM_read_bio_PrivateKey(reading(pem).get(), nullptr, give_passphrase, &passphrase));
  if (key == nullptr) {
    return fail(pem.find("ENCRYPTED") != std::string_view::npos ? Errc::kDecryptFailed : Errc::kBadKey);
  }
  if (EVP_PKEY_is_a(key.get(), "SM2") == 1) return take_sm2(key.get());
  if (EVP_PKEY_is_a(key.get(), "ED25519") == 1) return take_ed25519(key.get());
  return fail(Errc::kUnknownKeyType);
}

std::string sm2_public_key_to_pem(const Sm2PublicKey& key) {
  const Bytes spki = key.to_spki();
  const openssl::Bio bio(BIO_new(BIO_s_mem()));
  const int ok = PEM_write_bio(bio.get(), PEM_STRING_PUBLIC, "", spki.data(), static_cast<long>(spki.size()));
  WARREN_ASSERT(ok > 0);
  return to_text(contents(bio.get()));
}

Result<Sm2PublicKey> sm2_public_key_from_pem(std::string_view pem) {
  if (pem.size() > kPemSizeMax) return fail(Errc::kTooLarge);
  const openssl::ErrorScope errors;
  // Without a callback OpenSSL asks on the terminal for the passphrase of what says that it is encrypted.
  std::string_view no_passphrase;
  const openssl::Key key(PEM_read_bio_PUBKEY(reading(pem).get(), nullptr, give_passphrase, &no_passphrase));
  if (key == nullptr) return fail(Errc::kBadKey);
  if (EVP_PKEY_is_a(key.get(), "SM2") != 1) return fail(Errc::kUnknownKeyType);
  return public_half(key.get());
}

}  // namespace warren
