#include "warren/crypto/key_rsa.hpp"

#include <openssl/core_names.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>

#include <array>
#include <bit>

#include "warren/base/assert.hpp"
#include "warren/crypto/der.hpp"
#include "warren/crypto/openssl.hpp"

namespace warren {
namespace {

using openssl::Bignum;

// AlgorithmIdentifier {rsaEncryption, NULL}
constexpr std::array<std::uint8_t, 15> kAlgorithm = {0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86,
                                                     0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00};
// With 8192 bits of modulus and 4 bytes of exponent.
constexpr std::size_t kSpkiSizeMax = 1063;
constexpr std::size_t kPrivateSizeMax = 5 * 1024;
constexpr std::size_t kExponentSizeMax = 4;

// The numbers of RSAPrivateKey, in its order: modulus, public and private exponent, two primes, the private
// exponent modulo each prime less one, and the inverse of the second prime modulo the first.
enum Number { kN, kE, kD, kP, kQ, kDp, kDq, kQinv, kNumbers };
constexpr std::array<const char*, kNumbers> kNames = {
    OSSL_PKEY_PARAM_RSA_N,         OSSL_PKEY_PARAM_RSA_E,           OSSL_PKEY_PARAM_RSA_D,
    OSSL_PKEY_PARAM_RSA_FACTOR1,   OSSL_PKEY_PARAM_RSA_FACTOR2,     OSSL_PKEY_PARAM_RSA_EXPONENT1,
    OSSL_PKEY_PARAM_RSA_EXPONENT2, OSSL_PKEY_PARAM_RSA_COEFFICIENT1};
using Digits = std::array<BytesView, kNumbers>;  // for a public key only two
using Numbers = std::array<Bignum, kNumbers>;

std::size_t bits_of(BytesView digits) {
  return digits.size() * 8 - static_cast<std::size_t>(std::countl_zero(digits[0]));
}

// Looks at the encoding alone: no arithmetic is done with numbers that are refused here.
Result<> check_public(BytesView modulus, BytesView exponent) {
  const std::size_t bits = bits_of(modulus);
  if (bits < kRsaBitsMin || bits > kRsaBitsMax) return fail(Errc::kBadKeySize);
  if (modulus.back() % 2 == 0) return fail(Errc::kBadKey);
  if (exponent.size() > kExponentSizeMax || exponent.back() % 2 == 0) return fail(Errc::kBadKey);
  if (bits_of(exponent) < 2 || bits_of(exponent) > 31) return fail(Errc::kBadKey);
  return {};
}

Bignum to_bignum(BytesView digits) {
  Bignum number(BN_secure_new());
  BN_bin2bn(digits.data(), static_cast<int>(digits.size()), number.get());
  BN_set_flags(number.get(), BN_FLG_CONSTTIME);
  return number;
}

std::shared_ptr<EVP_PKEY> import_key(const Numbers& numbers, int selection) {
  const std::unique_ptr<OSSL_PARAM_BLD, openssl::Free<OSSL_PARAM_BLD_free>> builder(OSSL_PARAM_BLD_new());
  for (std::size_t i = 0; i < kNumbers && numbers[i]; ++i) {
    OSSL_PARAM_BLD_push_BN(builder.get(), kNames[i], numbers[i].get());
  }
  const std::unique_ptr<OSSL_PARAM, openssl::Free<OSSL_PARAM_free>> params(
      OSSL_PARAM_BLD_to_param(builder.get()));
  const openssl::KeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, "RSA", nullptr));
  EVP_PKEY* key = nullptr;
  if (EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &key, selection, params.get()) != 1) {
    return nullptr;
  }
  return {key, EVP_PKEY_free};
}

Result<Digits> read_private(BytesView der) {
  if (der.size() > kPrivateSizeMax) return fail(Errc::kBadKeySize);
  Reader outer(der);
  Reader parts(read_der(outer, DerTag::kSequence));
  const BytesView version = read_der_unsigned(parts);
  Digits digits;
  for (BytesView& number : digits) number = read_der_unsigned(parts);
  if (!outer.finish() || !parts.finish()) return fail(Errc::kBadKey);
  if (version.size() != 1 || version[0] != 0) return fail(Errc::kBadKey);  // two primes
  if (const auto checked = check_public(digits[kN], digits[kE]); !checked) return fail(checked.error());
  for (const BytesView number : digits) {
    if (number.size() > digits[kN].size()) return fail(Errc::kBadKey);
  }
  return digits;
}

// n = p q, d e = 1, and the rest as they follow from those; whether p and q are prime is not asked.
bool belong_together(const Numbers& x) {
  const openssl::BignumContext context(BN_CTX_secure_new());
  const Bignum computed(BN_secure_new());
  BIGNUM* const result = computed.get();
  if (BN_mul(result, x[kP].get(), x[kQ].get(), context.get()) != 1 || BN_cmp(result, x[kN].get()) != 0) {
    return false;
  }
  for (const auto& [prime, exponent] : {std::pair{kP, kDp}, {kQ, kDq}}) {
    const Bignum less_one(BN_dup(x[prime].get()));
    if (BN_is_one(x[prime].get()) || BN_sub_word(less_one.get(), 1) != 1) return false;
    if (BN_mod(result, x[kD].get(), less_one.get(), context.get()) != 1) return false;
    if (BN_cmp(result, x[exponent].get()) != 0) return false;
    if (BN_mod_mul(result, x[kD].get(), x[kE].get(), less_one.get(), context.get()) != 1) return false;
    if (!BN_is_one(result)) return false;
  }
  return BN_mod_mul(result, x[kQinv].get(), x[kQ].get(), x[kP].get(), context.get()) == 1 &&
         BN_is_one(result) && BN_cmp(x[kQinv].get(), x[kP].get()) < 0;
}

Result<Bytes> sign_with(EVP_PKEY* key, BytesView message) {
  const openssl::DigestContext context(EVP_MD_CTX_new());
  Bytes signature(static_cast<std::size_t>(EVP_PKEY_get_size(key)));
  std::size_t size = signature.size();
  if (EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key) != 1 ||
      EVP_DigestSign(context.get(), signature.data(), &size, message.data(), message.size()) != 1) {
    return fail(Errc::kBadKey);
  }
  signature.resize(size);
  return signature;
}

}  // namespace

Result<RsaPublicKey> RsaPublicKey::from_data(BytesView data) {
  if (data.size() > kSpkiSizeMax) return fail(Errc::kBadKeySize);
  Reader outer(data);
  Reader info(read_der(outer, DerTag::kSequence));
  const BytesView algorithm = info.bytes(kAlgorithm.size());
  Reader bit_string(read_der(info, DerTag::kBitString));
  const std::uint8_t unused_bits = bit_string.u8();
  Reader numbers(read_der(bit_string, DerTag::kSequence));
  const BytesView modulus = read_der_unsigned(numbers);
  const BytesView exponent = read_der_unsigned(numbers);
  const bool all_read = outer.finish() && info.finish() && bit_string.finish() && numbers.finish();
  if (!all_read || !equal(algorithm, kAlgorithm) || unused_bits != 0) return fail(Errc::kBadKey);
  return from_numbers(modulus, exponent);
}

Result<RsaPublicKey> RsaPublicKey::from_numbers(BytesView modulus, BytesView exponent) {
  if (const auto checked = check_public(modulus, exponent); !checked) return fail(checked.error());
  Numbers numbers;
  numbers[kN] = to_bignum(modulus);
  numbers[kE] = to_bignum(exponent);
  const openssl::ErrorScope errors;
  auto key = import_key(numbers, EVP_PKEY_PUBLIC_KEY);
  if (key == nullptr) return fail(Errc::kBadKey);

  Writer sequence, bit_string, info, spki;
  write_der_unsigned(sequence, modulus);
  write_der_unsigned(sequence, exponent);
  bit_string.u8(0);
  write_der(bit_string, DerTag::kSequence, sequence.view());
  info.bytes(kAlgorithm);
  write_der(info, DerTag::kBitString, bit_string.view());
  write_der(spki, DerTag::kSequence, info.view());
  return RsaPublicKey(spki.take(), std::move(key));
}

bool RsaPublicKey::verify(BytesView message, BytesView signature) const {
  const openssl::ErrorScope errors;
  const openssl::DigestContext context(EVP_MD_CTX_new());
  return EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr, key_.get()) == 1 &&
         EVP_DigestVerify(context.get(), signature.data(), signature.size(), message.data(),
                          message.size()) == 1;
}

RsaPrivateKey RsaPrivateKey::generate(const RandomFill& /*random*/) {
  const openssl::Key key(EVP_RSA_gen(kRsaBitsMin));
  WARREN_ASSERT(key != nullptr);
  return std::move(*from_openssl(key.get()));
}

Result<RsaPrivateKey> RsaPrivateKey::from_data(BytesView data) {
  const auto digits = read_private(data);
  if (!digits) return fail(digits.error());
  Numbers numbers;
  for (std::size_t i = 0; i < kNumbers; ++i) numbers[i] = to_bignum((*digits)[i]);
  const openssl::ErrorScope errors;
  if (!belong_together(numbers)) return fail(Errc::kBadKey);
  auto public_key = RsaPublicKey::from_numbers((*digits)[kN], (*digits)[kE]);
  auto openssl_key = import_key(numbers, EVP_PKEY_KEYPAIR);
  if (!public_key || openssl_key == nullptr) return fail(Errc::kBadKey);
  // Factors that are no primes are noticed here.
  const BytesView message = as_bytes("warren self-test");
  const auto signature = sign_with(openssl_key.get(), message);
  if (!signature || !public_key->verify(message, *signature)) return fail(Errc::kBadKey);
  return RsaPrivateKey(std::move(*public_key), SecretBytes(data), std::move(openssl_key));
}

Result<RsaPrivateKey> RsaPrivateKey::from_openssl(const evp_pkey_st* key) {
  if (EVP_PKEY_is_a(key, "RSA") != 1) return fail(Errc::kUnknownKeyType);
  std::uint8_t* der = nullptr;
  const int size = i2d_PrivateKey(key, &der);  // PKCS #1
  if (size <= 0) return fail(Errc::kBadKey);
  auto result = from_data({der, static_cast<std::size_t>(size)});
  OPENSSL_clear_free(der, static_cast<std::size_t>(size));
  return result;
}

Bytes RsaPrivateKey::sign(BytesView message) const {
  auto signature = sign_with(key_.get(), message);
  WARREN_ASSERT(signature.has_value());
  return std::move(*signature);
}

}  // namespace warren
