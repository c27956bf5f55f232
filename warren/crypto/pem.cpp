#include "warren/crypto/pem.hpp"

#include <openssl/pem.h>
#include <openssl/pkcs12.h>

#include <algorithm>

#include "warren/base/assert.hpp"
#include "warren/crypto/ec_curve.hpp"
#include "warren/crypto/openssl.hpp"

namespace warren {
namespace {

constexpr std::uint64_t kScryptN = 1 << 14;
constexpr std::uint64_t kScryptR = 8;
constexpr std::uint64_t kScryptP = 1;

openssl::EncryptedPkcs8 encrypt(const PKCS8_PRIV_KEY_INFO* pkcs8, std::string_view passphrase,
                                const RandomFill& random) {
  std::array<std::uint8_t, 16> salt;
  std::array<std::uint8_t, 16> iv;
  random(salt);
  random(iv);
  X509_ALGOR* algorithm = PKCS5_pbe2_set_scrypt(EVP_aes_256_cbc(), salt.data(), salt.size(), iv.data(),
                                                kScryptN, kScryptR, kScryptP);
  openssl::EncryptedPkcs8 encrypted(PKCS8_set0_pbe(passphrase.data(), static_cast<int>(passphrase.size()),
                                                   const_cast<PKCS8_PRIV_KEY_INFO*>(pkcs8), algorithm));
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

}  // namespace

SecretBytes private_key_to_pem(const PrivateKey& key, std::string_view passphrase, const RandomFill& random) {
  const openssl::Pkcs8 pkcs8(EVP_PKEY2PKCS8(key.to_openssl().get()));
  const openssl::Bio bio(BIO_new(BIO_s_mem()));
  const int ok = passphrase.empty()
                     ? PEM_write_bio_PKCS8_PRIV_KEY_INFO(bio.get(), pkcs8.get())
                     : PEM_write_bio_PKCS8(bio.get(), encrypt(pkcs8.get(), passphrase, random).get());
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
  return PrivateKey::from_openssl(key.get());
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
  if (!ec::is_on(EcCurve::kSm2, key.get())) return fail(Errc::kUnknownKeyType);
  const auto point = ec::point_of(EcCurve::kSm2, key.get());
  if (!point) return fail(point.error());
  return Sm2PublicKey::from_uncompressed(*point);
}

}  // namespace warren
