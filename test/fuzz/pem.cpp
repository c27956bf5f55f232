// Keys as PEM, as they stand in a key file. A private key that is read signs, and is written as PEM that
// reads as the same key. Without a passphrase: an encrypted key is refused before its costly parameters are
// worked on.

#include "warren/crypto/pem.hpp"
#include "warren/base/assert.hpp"

namespace warren {
namespace {

void check_private(std::string_view pem) {
  const auto key = private_key_from_pem(pem, "");
  if (!key) return;
  const Bytes signature = key->sign(as_bytes("message"));
  WARREN_ASSERT(key->public_key().verify(as_bytes("message"), signature));
  const SecretBytes written = private_key_to_pem(*key, "", system_random());
  const auto again = private_key_from_pem(as_text(written.view()), "");
  WARREN_ASSERT(again && again->public_key() == key->public_key());
  WARREN_ASSERT(equal(again->to_protobuf().view(), key->to_protobuf().view()));
}

void check_public(std::string_view pem) {
  const auto key = sm2_public_key_from_pem(pem);
  if (!key) return;
  WARREN_ASSERT(sm2_public_key_from_pem(sm2_public_key_to_pem(*key)) == *key);
}

}  // namespace
}  // namespace warren

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view pem = warren::as_text({data, size});
  warren::check_private(pem);
  warren::check_public(pem);
  return 0;
}
