#include "warren/security/pnet/protector.hpp"

#include <optional>

#include "warren/crypto/xsalsa20.hpp"

namespace warren::pnet {

namespace {

// Written bytes are encrypted in pieces of this size, so that a large write needs no large copy.
constexpr std::size_t kPiece = 64 * 1024;

class ProtectedStream final : public ByteStream {
 public:
  ProtectedStream(StreamPtr raw, const PreSharedKey& key, std::array<std::uint8_t, kXSalsa20NonceSize> nonce)
      : raw_(std::move(raw)), key_(key), nonce_(nonce), outgoing_(key_, nonce_) {}
  ~ProtectedStream() override { wipe(key_); }

  Task<std::size_t> read_some(MutableBytes to) override {
    if (!incoming_) co_await read_nonce();
    if (!incoming_) co_return 0;  // the other side ended before it began
    const std::size_t size = co_await raw_->read_some(to);
    incoming_->apply(to.first(size));
    co_return size;
  }

  Task<void> write(BytesView bytes) override {
    do {
      const BytesView piece = bytes.first(std::min(bytes.size(), kPiece));
      Bytes out;
      if (!std::exchange(nonce_sent_, true)) append(out, nonce_);
      const std::size_t begin = out.size();
      append(out, piece);
      outgoing_.apply(MutableBytes(out).subspan(begin));
      co_await raw_->write(out);
      bytes = bytes.subspan(piece.size());
    } while (!bytes.empty());
  }

  Task<void> close_write() override { return raw_->close_write(); }
  void reset() override { raw_->reset(); }

 private:
  // Goes on where a canceled read stopped.
  Task<void> read_nonce() {
    while (nonce_read_ < peer_nonce_.size()) {
      const std::size_t size = co_await raw_->read_some(MutableBytes(peer_nonce_).subspan(nonce_read_));
      if (size == 0 && nonce_read_ == 0) co_return;
      if (size == 0) throw_error(Errc::kEndOfStream);
      nonce_read_ += size;
    }
    incoming_.emplace(key_, peer_nonce_);
  }

  StreamPtr raw_;
  PreSharedKey key_;
  std::array<std::uint8_t, kXSalsa20NonceSize> nonce_;
  bool nonce_sent_ = false;
  XSalsa20 outgoing_;
  std::array<std::uint8_t, kXSalsa20NonceSize> peer_nonce_{};
  std::size_t nonce_read_ = 0;
  std::optional<XSalsa20> incoming_;
};

}  // namespace

StreamPtr Protector::protect(StreamPtr raw) {
  return std::make_unique<ProtectedStream>(std::move(raw), key_, random_.bytes<kXSalsa20NonceSize>());
}

}  // namespace warren::pnet
