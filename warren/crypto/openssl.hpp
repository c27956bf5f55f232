// Owners for OpenSSL's objects, for .cpp files of this folder and of security/tls: OpenSSL's headers go no
// further.
#pragma once

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include <memory>

namespace warren::openssl {

template <auto kFree>
struct Free {
  template <class T>
  void operator()(T* object) const {
    kFree(object);
  }
};

using Bignum = std::unique_ptr<BIGNUM, Free<BN_clear_free>>;
using BignumContext = std::unique_ptr<BN_CTX, Free<BN_CTX_free>>;
using Bio = std::unique_ptr<BIO, Free<BIO_free_all>>;
using CipherContext = std::unique_ptr<EVP_CIPHER_CTX, Free<EVP_CIPHER_CTX_free>>;
using DigestContext = std::unique_ptr<EVP_MD_CTX, Free<EVP_MD_CTX_free>>;
using Key = std::unique_ptr<EVP_PKEY, Free<EVP_PKEY_free>>;
using KeyContext = std::unique_ptr<EVP_PKEY_CTX, Free<EVP_PKEY_CTX_free>>;
using Pkcs8 = std::unique_ptr<PKCS8_PRIV_KEY_INFO, Free<PKCS8_PRIV_KEY_INFO_free>>;
using EncryptedPkcs8 = std::unique_ptr<X509_SIG, Free<X509_SIG_free>>;
using Point = std::unique_ptr<EC_POINT, Free<EC_POINT_clear_free>>;

// Forgets the errors of the calls in its scope: they would be taken for those of a TLS connection on the same
// thread.
class ErrorScope {
 public:
  ErrorScope() { ERR_set_mark(); }
  ~ErrorScope() { ERR_pop_to_mark(); }
  ErrorScope(const ErrorScope&) = delete;
  ErrorScope& operator=(const ErrorScope&) = delete;
};

}  // namespace warren::openssl
