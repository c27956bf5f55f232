#include "warren/crypto/hkdf.hpp"

#include <algorithm>

#include "warren/base/assert.hpp"
#include "warren/crypto/secret.hpp"
#include "warren/crypto/sodium.hpp"

namespace warren {
namespace {

class Hmac {
 public:
  explicit Hmac(BytesView key) { crypto_auth_hmacsha256_init(&state_, sodium_data(key), key.size()); }
  ~Hmac() { sodium_memzero(&state_, sizeof(state_)); }
  Hmac(const Hmac&) = delete;
  Hmac& operator=(const Hmac&) = delete;

  Hmac& add(BytesView bytes) {
    crypto_auth_hmacsha256_update(&state_, sodium_data(bytes), bytes.size());
    return *this;
  }
  Digest finish() {
    Digest digest;
    crypto_auth_hmacsha256_final(&state_, digest.data());
    return digest;
  }

 private:
  crypto_auth_hmacsha256_state state_;
};

}  // namespace

Digest hmac_sha256(BytesView key, BytesView message) {
  return Hmac(key).add(message).finish();
}

void hkdf_sha256(BytesView salt, BytesView input_key, BytesView info, MutableBytes out) {
  WARREN_ASSERT(out.size() <= 255 * sizeof(Digest));
  Digest extracted = hmac_sha256(salt, input_key);
  Digest block{};
  std::uint8_t counter = 0;
  for (std::size_t done = 0; done < out.size(); done += block.size()) {
    ++counter;
    const BytesView previous = counter == 1 ? BytesView() : BytesView(block);
    block = Hmac(extracted).add(previous).add(info).add({&counter, 1}).finish();
    std::ranges::copy_n(block.begin(), static_cast<std::ptrdiff_t>(std::min(block.size(), out.size() - done)),
                        out.begin() + static_cast<std::ptrdiff_t>(done));
  }
  wipe(extracted);
  wipe(block);
}

}  // namespace warren
