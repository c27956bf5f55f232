#include "warren/crypto/xsalsa20.hpp"

#include <algorithm>

#include "warren/crypto/sodium.hpp"

namespace warren {

XSalsa20::XSalsa20(std::span<const std::uint8_t, kXSalsa20KeySize> key,
                   std::span<const std::uint8_t, kXSalsa20NonceSize> nonce)
    : key_(BytesView(key)) {
  init_sodium();
  std::ranges::copy(nonce, nonce_.begin());
}

void XSalsa20::apply(MutableBytes bytes) {
  // libsodium starts at a block's beginning only: a piece that starts inside one goes through a whole block.
  if (in_block_ > 0 && !bytes.empty()) {
    std::array<std::uint8_t, kBlock> block{};
    const MutableBytes head = bytes.first(std::min(bytes.size(), kBlock - in_block_));
    std::ranges::copy(head, block.begin() + in_block_);
    crypto_stream_xsalsa20_xor_ic(block.data(), block.data(), kBlock, nonce_.data(), block_,
                                  key_.view().data());
    std::copy_n(block.begin() + in_block_, head.size(), head.begin());
    wipe(block);
    in_block_ += head.size();
    bytes = bytes.subspan(head.size());
    if (in_block_ < kBlock) return;
    in_block_ = 0;
    ++block_;
  }
  if (bytes.empty()) return;
  crypto_stream_xsalsa20_xor_ic(bytes.data(), bytes.data(), bytes.size(), nonce_.data(), block_,
                                key_.view().data());
  block_ += bytes.size() / kBlock;
  in_block_ = bytes.size() % kBlock;
}

}  // namespace warren
