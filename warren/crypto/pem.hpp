// Keys as PEM: PKCS#8 for private keys (RFC 5958), SubjectPublicKeyInfo for public ones (RFC 5280), so that
// OpenSSL's and other tools read ours and we read theirs.
#pragma once

#include "warren/base/bytes.hpp"
#include "warren/crypto/keys.hpp"
#include "warren/crypto/random.hpp"

namespace warren {

inline constexpr std::size_t kPemSizeMax = 16 * 1024;  // RSA of 8192 bits takes 7 KiB, others under 1 KiB

// "PRIVATE KEY", or with a passphrase that is not empty "ENCRYPTED PRIVATE KEY": PBES2 with scrypt (N = 2^14,
// r = 8, p = 1, 16 MiB and some 50 ms) and AES-256-CBC (RFC 8018, RFC 7914). `random` gives salt and IV.
SecretBytes private_key_to_pem(const PrivateKey& key, std::string_view passphrase, const RandomFill& random);

// A key of any type that PrivateKey has, and in other tools' forms as well, such as "RSA PRIVATE KEY". The
// public key is derived again, and must be the one inside when there is one. kDecryptFailed: encrypted, and
// the passphrase is not right (or empty); kUnknownKeyType; kBadKey: no key, or not a valid one; kBadKeySize;
// kTooLarge.
Result<PrivateKey> private_key_from_pem(std::string_view pem, std::string_view passphrase);

std::string sm2_public_key_to_pem(const Sm2PublicKey& key);
// The point may be compressed or not: other tools write both.
Result<Sm2PublicKey> sm2_public_key_from_pem(std::string_view pem);

}  // namespace warren
