// Keys that several tests of this folder work with.
#pragma once

#include "warren/crypto/key_type.hpp"
#include "warren/crypto/sm2.hpp"
#include "warren/crypto/testing.hpp"

namespace warren::testing {

inline constexpr KeyType kAllKeyTypes[] = {KeyType::kRsa, KeyType::kEd25519, KeyType::kSecp256k1,
                                           KeyType::kEcdsa, KeyType::kSm2};

// The public key of GB/T 32918.5 A.2.
inline Sm2PublicKey standard_key() {
  return *Sm2PublicKey::from_compressed(hex("03" + kStandardX));
}

}  // namespace warren::testing
