#include "warren/transport/quic/frame_screen.hpp"

#include <algorithm>

#include "warren/transport/quic/quic_integer.hpp"

namespace warren::quic {

namespace {

// We hold four at most, and four more that probes of other paths were answered with: those and these retired
// are fewer than the 16 of the library's table. An honest peer gives three, and one for each that we retired.
constexpr std::uint32_t kIdsGivenMax = 7;

enum Frame : std::uint64_t {
  kPadding = 0x00,
  kPing = 0x01,
  kAck = 0x02,
  kAckEcn = 0x03,
  kResetStream = 0x04,
  kStopSending = 0x05,
  kCrypto = 0x06,
  kNewToken = 0x07,
  kStream = 0x08,  // and seven more
  kMaxData = 0x10,
  kMaxStreamData = 0x11,
  kMaxStreamsBidi = 0x12,
  kMaxStreamsUni = 0x13,
  kDataBlocked = 0x14,
  kStreamDataBlocked = 0x15,
  kStreamsBlockedBidi = 0x16,
  kStreamsBlockedUni = 0x17,
  kNewConnectionId = 0x18,
  kRetireConnectionId = 0x19,
  kPathChallenge = 0x1a,
  kPathResponse = 0x1b,
  kHandshakeDone = 0x1e,
};

void skip_integers(Reader& reader, std::uint64_t count) {
  for (; count > 0 && reader.ok(); --count) read_integer(reader);
}

void skip_ack(Reader& reader, bool ecn) {
  skip_integers(reader, 2);
  const std::uint64_t ranges = read_integer(reader);
  skip_integers(reader, 1);
  for (std::uint64_t i = 0; i < ranges && reader.ok(); ++i) skip_integers(reader, 2);
  if (ecn) skip_integers(reader, 3);
}

void skip_stream(Reader& reader, std::uint64_t type) {
  read_integer(reader);
  if ((type & 0x4) != 0) read_integer(reader);
  if ((type & 0x2) != 0) {
    reader.bytes(read_integer(reader));
  } else {
    reader.rest();
  }
}

// The rest of a frame. One that ends the connection, or that no peer may send, has the rest of the packet.
void skip_frame(Reader& reader, std::uint64_t type) {
  switch (type) {
    case kPadding:
    case kPing:
    case kHandshakeDone: break;
    case kAck:
    case kAckEcn: skip_ack(reader, type == kAckEcn); break;
    case kResetStream: skip_integers(reader, 3); break;
    case kStopSending:
    case kMaxStreamData:
    case kStreamDataBlocked: skip_integers(reader, 2); break;
    case kCrypto: read_integer(reader); [[fallthrough]];
    case kNewToken: reader.bytes(read_integer(reader)); break;
    case kMaxData:
    case kMaxStreamsBidi:
    case kMaxStreamsUni:
    case kDataBlocked:
    case kStreamsBlockedBidi:
    case kStreamsBlockedUni:
    case kRetireConnectionId: skip_integers(reader, 1); break;
    case kPathChallenge:
    case kPathResponse: reader.bytes(8); break;
    default:
      if (type >= kStream && type < kStream + 8) {
        skip_stream(reader, type);
      } else {
        reader.rest();
      }
  }
}

}  // namespace

// Malformed packets are left to the library, which refuses them.
bool FrameScreen::inspect(MutableBytes packet) {
  Reader reader(packet);
  bool acked = false;
  while (reader.ok() && reader.remaining() > 0) {
    const std::size_t begin = packet.size() - reader.remaining();
    const std::uint64_t type = read_integer(reader);
    if (type == kNewConnectionId) {
      const std::uint64_t sequence = read_integer(reader);
      const std::uint64_t retire_prior_to = read_integer(reader);
      reader.bytes(reader.u8());
      reader.bytes(16);
      if (!reader.ok()) break;
      const MutableBytes frame = packet.subspan(begin, packet.size() - reader.remaining() - begin);
      if (!on_new_connection_id(frame, sequence, retire_prior_to)) return false;
      continue;
    }
    skip_frame(reader, type);
    if (!reader.ok() || (type != kAck && type != kAckEcn)) continue;
    const MutableBytes frame = packet.subspan(begin, packet.size() - reader.remaining() - begin);
    if (acked) std::ranges::fill(frame, kPadding);
    acked = true;
  }
  return true;
}

// Notes that it came. One that is far behind the others counts as new: no honest peer's is.
bool FrameScreen::is_known(std::uint64_t sequence) {
  if (sequence > last_) {
    const std::uint64_t step = sequence - last_;
    known_ = step < 64 ? known_ << step | 1 : 1;
    last_ = sequence;
    return false;
  }
  const std::uint64_t back = last_ - sequence;
  if (back >= 64) return false;
  const std::uint64_t bit = std::uint64_t{1} << back;
  const bool known = (known_ & bit) != 0;
  known_ |= bit;
  return known;
}

bool FrameScreen::on_new_connection_id(MutableBytes frame, std::uint64_t sequence,
                                       std::uint64_t retire_prior_to) {
  if (sequence < retired_below_) {
    std::ranges::fill(frame, kPadding);
    frame.front() = kPing;  // still to be acknowledged
    return true;
  }
  retired_below_ = std::max(retired_below_, std::min(retire_prior_to, sequence));
  if (is_known(sequence)) return true;
  violated_ = ++ids_given_ > kIdsGivenMax;
  return !violated_;
}

}  // namespace warren::quic
