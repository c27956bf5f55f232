// Owners for OpenSSL's objects of X.509 and TLS, for the .cpp files of this folder.
#pragma once

#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "warren/base/assert.hpp"
#include "warren/base/bytes.hpp"
#include "warren/crypto/openssl.hpp"

namespace warren::openssl {

using BioMethod = std::unique_ptr<BIO_METHOD, Free<BIO_meth_free>>;
using Integer = std::unique_ptr<ASN1_INTEGER, Free<ASN1_INTEGER_free>>;
using Object = std::unique_ptr<ASN1_OBJECT, Free<ASN1_OBJECT_free>>;
using Octets = std::unique_ptr<ASN1_OCTET_STRING, Free<ASN1_OCTET_STRING_free>>;
using Ssl = std::unique_ptr<SSL, Free<SSL_free>>;
using SslContext = std::unique_ptr<SSL_CTX, Free<SSL_CTX_free>>;
using X509Certificate = std::unique_ptr<X509, Free<X509_free>>;
using X509Extension = std::unique_ptr<X509_EXTENSION, Free<X509_EXTENSION_free>>;

// The DER form of an object that is complete.
template <class T>
Bytes to_der(int (*encode)(const T*, unsigned char**), const T* object) {
  const int size = encode(object, nullptr);
  WARREN_ASSERT(size > 0);
  Bytes der(static_cast<std::size_t>(size));
  unsigned char* to = der.data();
  encode(object, &to);
  return der;
}

}  // namespace warren::openssl
