#include "warren/security/tls/records.hpp"

#include <algorithm>
#include <cstring>

#include "warren/security/tls/openssl.hpp"

namespace warren::tls {

namespace {

// A message or two besides the records of one write(): an alert, the answer to a change of keys.
constexpr std::size_t kSlack = 128;

}  // namespace

// OpenSSL reads and writes through this, at once or not at all.
struct BufferBio {
  static Records& records(BIO* bio) { return *static_cast<Records*>(BIO_get_data(bio)); }

  static int read(BIO* bio, char* to, int size) {
    BIO_clear_retry_flags(bio);
    const MutableBytes space(reinterpret_cast<std::uint8_t*>(to), static_cast<std::size_t>(size));
    const std::size_t got = records(bio).consume(space);
    if (got > 0) return static_cast<int>(got);
    BIO_set_retry_read(bio);
    return -1;
  }

  static int write(BIO* bio, const char* from, int size) {
    BIO_clear_retry_flags(bio);
    const BytesView bytes(reinterpret_cast<const std::uint8_t*>(from), static_cast<std::size_t>(size));
    return records(bio).produce(bytes) ? size : -1;
  }

  static long control(BIO*, int command, long, void*) { return command == BIO_CTRL_FLUSH ? 1 : 0; }

  static openssl::BioMethod make_method() {
    openssl::BioMethod method(BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "buffers"));
    WARREN_ASSERT(method);
    BIO_meth_set_read(method.get(), &read);
    BIO_meth_set_write(method.get(), &write);
    BIO_meth_set_ctrl(method.get(), &control);
    return method;
  }

  static BIO* create(Records* records) {
    static const openssl::BioMethod method = make_method();
    BIO* bio = BIO_new(method.get());
    WARREN_ASSERT(bio != nullptr);
    BIO_set_data(bio, records);
    BIO_set_init(bio, 1);
    return bio;
  }
};

Records::Records(SslPtr ssl, BufferPool pool) : pool_(std::move(pool)), ssl_(std::move(ssl)) {
  BIO* bio = BufferBio::create(this);
  SSL_set_bio(ssl_.get(), bio, bio);
}

Records::~Records() = default;

MutableBytes Records::memory() {
  return buffer_.size() > 0 ? buffer_.bytes() : MutableBytes(waiting_);
}

MutableBytes Records::space() {
  WARREN_ASSERT(begin_ == end_);
  begin_ = end_ = 0;
  const bool inside_record = SSL_has_pending(ssl_.get()) == 1;
  if (!inside_record) {
    buffer_ = Buffer();
  } else if (filled_) {
    const std::size_t larger = std::min(16 * memory().size(), kLargeBufferSize);
    if (larger > memory().size()) buffer_ = pool_.take(larger);
  }
  return memory();
}

void Records::add(std::size_t size) {
  WARREN_ASSERT(size <= memory().size());
  end_ = size;
  filled_ = size == memory().size();
}

std::size_t Records::consume(MutableBytes to) {
  const std::size_t size = std::min(to.size(), end_ - begin_);
  if (size > 0) std::memcpy(to.data(), memory().data() + begin_, size);
  begin_ += size;
  return size;
}

bool Records::reserve(std::size_t size) {
  if (size <= outgoing_.buffer.size()) return true;
  if (size > kLargeBufferSize) return false;
  Buffer larger = pool_.take(std::min(std::max(size, 2 * outgoing_.buffer.size()), kLargeBufferSize));
  if (outgoing_.size > 0) std::memcpy(larger.bytes().data(), outgoing_.buffer.bytes().data(), outgoing_.size);
  outgoing_.buffer = std::move(larger);
  return true;
}

bool Records::produce(BytesView bytes) {
  if (!reserve(outgoing_.size + bytes.size())) return false;
  std::memcpy(outgoing_.buffer.bytes().data() + outgoing_.size, bytes.data(), bytes.size());
  outgoing_.size += bytes.size();
  return true;
}

Records::Outgoing Records::take() {
  return std::exchange(outgoing_, Outgoing());
}

Result<bool> Records::shake_hands() {
  if (failure_) return fail(failure_);
  ERR_clear_error();
  const int result = SSL_do_handshake(ssl_.get());
  if (result == 1) return true;
  if (SSL_get_error(ssl_.get(), result) == SSL_ERROR_WANT_READ) return false;
  failure_ = last_error();
  ERR_clear_error();
  return fail(failure_);
}

Result<std::size_t> Records::read(MutableBytes to) {
  if (failure_) return fail(failure_);
  std::size_t done = 0;
  while (done < to.size() && !ended_ && (has_unread() || SSL_pending(ssl_.get()) > 0)) {
    ERR_clear_error();
    std::size_t got = 0;
    const int result = SSL_read_ex(ssl_.get(), to.data() + done, to.size() - done, &got);
    if (result == 1) {
      done += got;
      continue;
    }
    const int error = SSL_get_error(ssl_.get(), result);
    if (error == SSL_ERROR_WANT_READ) break;
    if (error == SSL_ERROR_ZERO_RETURN) {
      ended_ = true;
      break;
    }
    failure_ = last_error();
    ERR_clear_error();
    if (done == 0) return fail(failure_);
    break;
  }
  if (!has_unread() && SSL_has_pending(ssl_.get()) == 0) buffer_ = Buffer();
  return done;
}

Result<> Records::write(BytesView plaintext) {
  WARREN_ASSERT(plaintext.size() <= kSealMax);
  if (failure_) return fail(failure_);
  if (plaintext.empty()) return {};
  const std::size_t records = (plaintext.size() + kRecordPlaintextMax - 1) / kRecordPlaintextMax;
  reserve(outgoing_.size + plaintext.size() + records * kRecordOverhead + kSlack);
  ERR_clear_error();
  std::size_t written = 0;
  if (SSL_write_ex(ssl_.get(), plaintext.data(), plaintext.size(), &written) == 1) return {};
  failure_ = last_error();
  ERR_clear_error();
  return fail(failure_);
}

void Records::close() {
  ERR_clear_error();
  SSL_shutdown(ssl_.get());
  ERR_clear_error();
}

}  // namespace warren::tls
