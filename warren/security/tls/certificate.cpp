#include "warren/security/tls/certificate.hpp"

#include "warren/base/writer.hpp"
#include "warren/security/tls/openssl.hpp"
#include "warren/security/tls/signed_key.hpp"

namespace warren::tls {

namespace {

std::time_t unix_seconds(WallTime time) {
  return std::chrono::floor<std::chrono::seconds>(time.time_since_epoch()).count();
}

// Positive, and always of the same size, so that certificates of one kind of key are.
openssl::Integer serial_number(Random& random) {
  auto bytes = random.bytes<16>();
  bytes[0] = (bytes[0] & 0x3f) | 0x40;
  const openssl::Bignum number(BN_bin2bn(bytes.data(), bytes.size(), nullptr));
  return openssl::Integer(BN_to_ASN1_INTEGER(number.get(), nullptr));
}

// Some implementations refuse an empty name.
void set_name(X509* certificate, Random& random) {
  const std::string text = to_hex(random.bytes<8>());
  X509_NAME* name = X509_get_subject_name(certificate);
  const auto* bytes = reinterpret_cast<const unsigned char*>(text.data());
  const int size = static_cast<int>(text.size());
  const bool set =
      X509_NAME_add_entry_by_NID(name, NID_serialNumber, MBSTRING_ASC, bytes, size, -1, 0) == 1 &&
      X509_set_issuer_name(certificate, name) == 1;
  WARREN_ASSERT(set);
}

void add_extension(X509* certificate, const SignedKey& signed_key) {
  const Bytes value = signed_key.encode();
  const openssl::Octets octets(ASN1_OCTET_STRING_new());
  ASN1_OCTET_STRING_set(octets.get(), value.data(), static_cast<int>(value.size()));
  const openssl::X509Extension extension(
      X509_EXTENSION_create_by_OBJ(nullptr, extension_id(), /*crit=*/0, octets.get()));
  const bool added = X509_add_ext(certificate, extension.get(), -1) == 1;
  WARREN_ASSERT(added);
}

SecretBytes encode_private_key(EVP_PKEY* key) {
  const openssl::Pkcs8 pkcs8(EVP_PKEY2PKCS8(key));
  Bytes der = openssl::to_der(&i2d_PKCS8_PRIV_KEY_INFO, static_cast<const PKCS8_PRIV_KEY_INFO*>(pkcs8.get()));
  SecretBytes secret{BytesView(der)};
  wipe(der);
  return secret;
}

}  // namespace

CertifiedKey make_certificate(const PrivateKey& host_key, WallTime now, Random& random) {
  const openssl::ErrorScope errors;
  const openssl::Key key(EVP_EC_gen("P-256"));
  const openssl::X509Certificate certificate(X509_new());
  WARREN_ASSERT(key && certificate);
  const openssl::Integer serial = serial_number(random);
  const bool filled =
      X509_set_version(certificate.get(), X509_VERSION_3) == 1 &&
      X509_set_serialNumber(certificate.get(), serial.get()) == 1 &&
      ASN1_TIME_set(X509_getm_notBefore(certificate.get()), unix_seconds(now - kValidBefore)) &&
      ASN1_TIME_set(X509_getm_notAfter(certificate.get()), unix_seconds(now + kValidAfter)) &&
      X509_set_pubkey(certificate.get(), key.get()) == 1;
  WARREN_ASSERT(filled);
  set_name(certificate.get(), random);

  const Bytes certificate_key = encode_key(certificate.get());
  add_extension(certificate.get(),
                {host_key.public_key().to_protobuf(), host_key.sign(signed_text(certificate_key))});
  const bool signed_by_itself = X509_sign(certificate.get(), key.get(), EVP_sha256()) > 0;
  WARREN_ASSERT(signed_by_itself);
  return {openssl::to_der(&i2d_X509, static_cast<const X509*>(certificate.get())),
          encode_private_key(key.get())};
}

Bytes signed_text(BytesView certificate_key) {
  return Writer().bytes(as_bytes("libp2p-tls-handshake:")).bytes(certificate_key).take();
}

}  // namespace warren::tls
