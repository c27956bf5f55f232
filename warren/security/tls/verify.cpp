#include "warren/security/tls/signed_key.hpp"
#include "warren/security/tls/x509.hpp"

namespace warren::tls {

namespace {

// A larger one makes verifying slow, and nobody uses one: it is 65537.
constexpr int kRsaExponentBitsMax = 64;

bool is_good_rsa_key(const EVP_PKEY* key) {
  BIGNUM* exponent = nullptr;
  EVP_PKEY_get_bn_param(key, "e", &exponent);
  const openssl::Bignum owner(exponent);
  const int bits = EVP_PKEY_get_bits(key);
  return bits >= kRsaBitsMin && bits <= kRsaBitsMax && exponent != nullptr &&
         BN_num_bits(exponent) <= kRsaExponentBitsMax;
}

bool is_good_curve(const EVP_PKEY* key) {
  std::array<char, 32> name{};
  if (EVP_PKEY_get_group_name(key, name.data(), name.size(), nullptr) != 1) return false;
  const std::string_view curve = name.data();
  return curve == SN_X9_62_prime256v1 || curve == SN_secp384r1 || curve == SN_secp521r1;
}

bool is_good_key(const EVP_PKEY* key) {
  switch (key == nullptr ? EVP_PKEY_NONE : EVP_PKEY_get_base_id(key)) {
    case EVP_PKEY_RSA:
    case EVP_PKEY_RSA_PSS: return is_good_rsa_key(key);
    case EVP_PKEY_EC: return is_good_curve(key);
    case EVP_PKEY_ED25519: return true;
    default: return false;
  }
}

bool is_good_digest(X509* certificate) {
  int digest = NID_undef;
  int key_type = NID_undef;
  if (X509_get_signature_info(certificate, &digest, &key_type, nullptr, nullptr) != 1) return false;
  if (key_type == NID_ED25519) return true;
  return digest == NID_sha256 || digest == NID_sha384 || digest == NID_sha512;
}

Result<> check_form(const X509* certificate) {
  const ASN1_BIT_STRING* issuer_id = nullptr;
  const ASN1_BIT_STRING* subject_id = nullptr;
  X509_get0_uids(certificate, &issuer_id, &subject_id);
  if (X509_get_version(certificate) != X509_VERSION_3 || issuer_id || subject_id)
    return fail(Errc::kMalformed);
  return {};
}

// The libp2p extension, when nothing speaks against the others.
Result<SignedKey> find_signed_key(X509* certificate) {
  const ASN1_OCTET_STRING* found = nullptr;
  for (int i = 0; i < X509_get_ext_count(certificate); ++i) {
    X509_EXTENSION* extension = X509_get_ext(certificate, i);
    const ASN1_OBJECT* id = X509_EXTENSION_get_object(extension);
    if (OBJ_cmp(id, extension_id()) == 0) {
      if (found != nullptr) return fail(Errc::kMalformed);
      found = X509_EXTENSION_get_data(extension);
      continue;
    }
    const int name = OBJ_obj2nid(id);
    const bool known = name == NID_key_usage || name == NID_basic_constraints;
    if (X509_EXTENSION_get_critical(extension) != 0 && !known) return fail(Errc::kUnsupported);
  }
  // All bits are set when there is no such extension.
  if ((X509_get_key_usage(certificate) & KU_DIGITAL_SIGNATURE) == 0) return fail(Errc::kMalformed);
  if (found == nullptr) return fail(Errc::kMalformed);
  return SignedKey::decode(
      {ASN1_STRING_get0_data(found), static_cast<std::size_t>(ASN1_STRING_length(found))});
}

Result<> check_self_signature(X509* certificate) {
  EVP_PKEY* key = X509_get0_pubkey(certificate);
  if (!is_good_key(key)) return fail(Errc::kBadKey);
  if (!is_good_digest(certificate)) return fail(Errc::kUnsupported);
  if (X509_verify(certificate, key) != 1) return fail(Errc::kBadSignature);
  return {};
}

}  // namespace

Result<> check_time(const X509* certificate, WallTime now) {
  const std::time_t time = std::chrono::floor<std::chrono::seconds>(now.time_since_epoch()).count();
  constexpr int kNoTime = -2;
  const int not_before = ASN1_TIME_cmp_time_t(X509_get0_notBefore(certificate), time);
  const int not_after = ASN1_TIME_cmp_time_t(X509_get0_notAfter(certificate), time);
  if (not_before == kNoTime || not_after == kNoTime) return fail(Errc::kMalformed);
  if (not_before > 0 || not_after < 0) return fail(Errc::kNotValidNow);
  return {};
}

Result<PublicKey> verify_certificate(X509* certificate, WallTime now) {
  const openssl::ErrorScope errors;
  if (const auto good = check_form(certificate); !good) return fail(good.error());
  if (const auto good = check_time(certificate, now); !good) return fail(good.error());
  const auto signed_key = find_signed_key(certificate);
  if (!signed_key) return fail(signed_key.error());
  auto host_key = PublicKey::from_protobuf(signed_key->public_key);
  if (!host_key) return fail(host_key.error());
  if (const auto good = check_self_signature(certificate); !good) return fail(good.error());
  if (!host_key->verify(signed_text(encode_key(certificate)), signed_key->signature)) {
    return fail(Errc::kBadSignature);
  }
  return host_key;
}

Result<PublicKey> verify_certificates(std::span<const BytesView> chain, WallTime now) {
  const openssl::ErrorScope errors;
  if (chain.size() != 1) return fail(Errc::kMalformed);
  const BytesView der = chain.front();
  if (der.size() > kCertificateSizeMax) return fail(Errc::kTooLarge);
  const unsigned char* at = der.data();
  const openssl::X509Certificate certificate(d2i_X509(nullptr, &at, static_cast<long>(der.size())));
  if (!certificate || at != der.data() + der.size()) return fail(Errc::kMalformed);
  return verify_certificate(certificate.get(), now);
}

}  // namespace warren::tls
