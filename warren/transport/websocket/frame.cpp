#include "warren/transport/websocket/frame.hpp"

#include <cstring>

#include "warren/base/assert.hpp"
#include "warren/base/reader.hpp"

namespace warren::websocket {

namespace {

constexpr std::uint8_t kFin = 0x80;
constexpr std::uint8_t kReserved = 0x70;
constexpr std::uint8_t kOpcodeBits = 0x0f;
constexpr std::uint8_t kMasked = 0x80;
constexpr std::uint8_t kSizeBits = 0x7f;
constexpr std::uint8_t kSize16 = 126;
constexpr std::uint8_t kSize64 = 127;

bool is_control(Opcode opcode) {
  return static_cast<std::uint8_t>(opcode) >= 8;
}

// Codes that may be sent in a close frame: the RFC's and the registered ones, and those left to others.
bool may_be_sent(std::uint16_t code) {
  return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) || (code >= 3000 && code <= 4999);
}

}  // namespace

Header encode_header(Opcode opcode, std::size_t payload_size, const std::optional<Mask>& mask) {
  Header header;
  const auto put = [&](std::uint64_t value, int size) {
    for (int shift = 8 * (size - 1); shift >= 0; shift -= 8)
      header.memory[header.size++] = static_cast<std::uint8_t>(value >> shift);
  };
  const std::uint8_t masked = mask ? kMasked : 0;
  put(kFin | static_cast<std::uint8_t>(opcode), 1);
  if (payload_size < kSize16) {
    put(masked | payload_size, 1);
  } else if (payload_size <= 0xffff) {
    put(masked | kSize16, 1);
    put(payload_size, 2);
  } else {
    put(masked | kSize64, 1);
    put(payload_size, 8);
  }
  if (mask) {
    std::memcpy(header.memory.data() + header.size, mask->data(), mask->size());
    header.size += mask->size();
  }
  return header;
}

// Eight bytes at a time, from the front: where the two overlap, what is written was read before.
void apply_mask(MutableBytes to, BytesView from, const Mask& mask, std::size_t offset) {
  WARREN_ASSERT(to.size() == from.size());
  std::array<std::uint8_t, 8> turned;
  for (std::size_t i = 0; i < turned.size(); ++i) turned[i] = mask[(offset + i) % mask.size()];
  std::uint64_t wide = 0;
  std::memcpy(&wide, turned.data(), sizeof(wide));
  std::size_t at = 0;
  for (; at + sizeof(wide) <= from.size(); at += sizeof(wide)) {
    std::uint64_t word = 0;
    std::memcpy(&word, from.data() + at, sizeof(word));
    word ^= wide;
    std::memcpy(to.data() + at, &word, sizeof(word));
  }
  for (; at < from.size(); ++at) to[at] = from[at] ^ turned[at % turned.size()];
}

std::size_t FrameReader::header_size_needed() const {
  if (header_size_ < 2) return 2;
  const std::uint8_t size = header_[1] & kSizeBits;
  const std::size_t more = size == kSize16 ? 2 : size == kSize64 ? 8 : 0;
  return 2 + more + (header_[1] & kMasked ? 4 : 0);
}

Result<std::size_t> FrameReader::read(MutableBytes bytes) {
  std::size_t done = 0;
  for (std::size_t at = 0; at < bytes.size() && !failure_ && !closed_;) {
    if (in_payload_) {
      const std::uint64_t left = payload_size_ - payload_taken_;
      const MutableBytes from = bytes.subspan(at, std::min<std::uint64_t>(left, bytes.size() - at));
      done += take_payload(bytes.subspan(done), from);
      at += from.size();
    } else {
      header_[header_size_++] = bytes[at++];
      if (header_size_ < header_size_needed()) continue;
      if (const auto begun = begin_frame(); !begun) failure_ = begun.error();
    }
    if (failure_ || payload_taken_ < payload_size_) continue;
    if (const auto ended = end_frame(); !ended) failure_ = ended.error();
  }
  if (failure_ && done == 0) return fail(failure_);
  return done;
}

Result<> FrameReader::begin_frame() {
  Reader reader(BytesView(header_).first(header_size_));
  const std::uint8_t first = reader.u8();
  const std::uint8_t second = reader.u8();
  std::uint64_t size = second & kSizeBits;
  const bool wide = size == kSize64;
  if (size == kSize16) {
    size = reader.u16();
    if (size < kSize16) return fail(Errc::kMalformed);
  } else if (wide) {
    size = reader.u64();
    if (size <= 0xffff || size >> 63 != 0) return fail(Errc::kMalformed);
  }
  const bool masked = (second & kMasked) != 0;
  if (masked != masked_ || (first & kReserved) != 0) return fail(Errc::kMalformed);
  if (masked) std::memcpy(mask_.data(), reader.bytes(4).data(), mask_.size());
  opcode_ = static_cast<Opcode>(first & kOpcodeBits);
  last_ = (first & kFin) != 0;
  in_payload_ = true;
  payload_size_ = size;
  payload_taken_ = 0;
  switch (opcode_) {
    case Opcode::kClose:
    case Opcode::kPing:
    case Opcode::kPong:
      if (!last_ || size > kControlSizeMax) return fail(Errc::kMalformed);
      return {};
    case Opcode::kContinuation:
      if (!in_message_) return fail(Errc::kMalformed);
      break;
    case Opcode::kBinary:
      if (in_message_) return fail(Errc::kMalformed);
      break;
    case Opcode::kText: return fail(Errc::kUnsupported);
    default: return fail(Errc::kMalformed);
  }
  in_message_ = true;
  if (size > kMessageSizeMax - message_size_) return fail(Errc::kTooLarge);
  message_size_ += size;
  return {};
}

// The part of the payload in `from`: to the front of `to`, or aside. Returns how much is in front.
std::size_t FrameReader::take_payload(MutableBytes to, MutableBytes from) {
  const std::size_t offset = payload_taken_ % mask_.size();
  payload_taken_ += from.size();
  const bool control = is_control(opcode_);
  const MutableBytes target = control ? from : to.first(from.size());
  if (masked_) {
    apply_mask(target, from, mask_, offset);
  } else if (target.data() != from.data()) {
    std::memmove(target.data(), from.data(), from.size());
  }
  if (!control) return from.size();
  append(control_, target);
  return 0;
}

Result<> FrameReader::end_frame() {
  in_payload_ = false;
  header_size_ = 0;
  if (is_control(opcode_)) {
    ++idle_frames_;
    const auto ended = opcode_ == Opcode::kClose ? end_close() : Result<>();
    if (opcode_ == Opcode::kPing) ping_ = std::move(control_);
    control_ = Bytes();
    return ended;
  }
  if (payload_size_ == 0) ++idle_frames_;
  if (last_) {
    in_message_ = false;
    message_size_ = 0;
  }
  return {};
}

// Nothing, or a code and a text for people.
Result<> FrameReader::end_close() {
  if (control_.empty()) {
    closed_ = CloseCode::kNone;
    return {};
  }
  Reader reader(control_);
  const std::uint16_t code = reader.u16();
  if (!reader.ok() || !may_be_sent(code)) return fail(Errc::kMalformed);
  closed_ = static_cast<CloseCode>(code);
  return {};
}

}  // namespace warren::websocket
