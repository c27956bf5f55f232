// For this folder's tests: certificates as other implementations, or nobody in his right mind, would make
// them.
#pragma once

#include <functional>

#include "warren/security/tls/certificate.hpp"
#include "warren/security/tls/openssl.hpp"
#include "warren/security/tls/signed_key.hpp"

namespace warren::tls::test {

inline openssl::Key make_ec_key(const char* curve) {
  return openssl::Key(EVP_EC_gen(curve));
}
inline openssl::Key make_rsa_key(std::size_t bits) {
  return openssl::Key(EVP_RSA_gen(bits));
}
inline openssl::Key make_key(const char* type) {
  return openssl::Key(EVP_PKEY_Q_keygen(nullptr, nullptr, type));
}

// What is unusual about a certificate; the rest is as it should be.
struct Recipe {
  openssl::Key key = make_ec_key("P-256");
  openssl::Key signing_key = {};  // instead of `key`
  const EVP_MD* digest = EVP_sha256();
  long version = X509_VERSION_3;
  WallTime not_before{};
  WallTime not_after{std::chrono::days(100'000)};
  int libp2p_extensions = 1;
  bool critical = false;
  std::function<void(SignedKey&)> change_signed_key = {};
  std::function<void(Bytes&)> change_extension = {};
  std::vector<std::pair<int, std::string>> more_extensions = {};  // name and value as OpenSSL's configuration
  std::string unknown_extension = {};                             // "critical" or "not critical"
};

inline void add_extension(X509* certificate, const ASN1_OBJECT* id, bool critical, const Bytes& value) {
  const openssl::Octets octets(ASN1_OCTET_STRING_new());
  ASN1_OCTET_STRING_set(octets.get(), value.data(), static_cast<int>(value.size()));
  const openssl::X509Extension extension(
      X509_EXTENSION_create_by_OBJ(nullptr, id, critical ? 1 : 0, octets.get()));
  X509_add_ext(certificate, extension.get(), -1);
}

inline void add_extensions(X509* certificate, const PrivateKey& host_key, const Recipe& recipe) {
  SignedKey signed_key{host_key.public_key().to_protobuf(),
                       host_key.sign(signed_text(encode_key(certificate)))};
  if (recipe.change_signed_key) recipe.change_signed_key(signed_key);
  Bytes value = signed_key.encode();
  if (recipe.change_extension) recipe.change_extension(value);
  for (int i = 0; i < recipe.libp2p_extensions; ++i) {
    add_extension(certificate, extension_id(), recipe.critical, value);
  }
  for (const auto& [name, text] : recipe.more_extensions) {
    const openssl::X509Extension extension(X509V3_EXT_conf_nid(nullptr, nullptr, name, text.c_str()));
    WARREN_ASSERT(extension);
    X509_add_ext(certificate, extension.get(), -1);
  }
  if (!recipe.unknown_extension.empty()) {
    const openssl::Object id(OBJ_txt2obj("1.3.6.1.4.1.53594.1.77", 1));
    add_extension(certificate, id.get(), recipe.unknown_extension == "critical", {1, 2, 3});
  }
}

inline openssl::X509Certificate make_x509(const PrivateKey& host_key, const Recipe& recipe) {
  openssl::X509Certificate certificate(X509_new());
  X509_set_version(certificate.get(), recipe.version);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), 5);
  ASN1_TIME_set(X509_getm_notBefore(certificate.get()), unix_ms(recipe.not_before) / 1000);
  ASN1_TIME_set(X509_getm_notAfter(certificate.get()), unix_ms(recipe.not_after) / 1000);
  X509_set_pubkey(certificate.get(), recipe.key.get());
  add_extensions(certificate.get(), host_key, recipe);
  EVP_PKEY* signing_key = recipe.signing_key ? recipe.signing_key.get() : recipe.key.get();
  const bool done = X509_sign(certificate.get(), signing_key, recipe.digest) > 0;
  WARREN_ASSERT(done);
  return certificate;
}

inline Bytes make_der(const PrivateKey& host_key, const Recipe& recipe) {
  const auto certificate = make_x509(host_key, recipe);
  return openssl::to_der(&i2d_X509, static_cast<const X509*>(certificate.get()));
}

}  // namespace warren::tls::test
