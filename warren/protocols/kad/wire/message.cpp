#include "warren/protocols/kad/wire/message.hpp"

#include <algorithm>
#include <array>
#include <cstring>

#include "warren/base/protobuf_wire.hpp"
#include "warren/base/varint.hpp"

namespace warren::kad {
namespace {

// Fields of Message. 10, clusterLevelRaw, is of no use any more and ignored.
constexpr std::uint32_t kType = 1;
constexpr std::uint32_t kKey = 2;
constexpr std::uint32_t kRecord = 3;
constexpr std::uint32_t kCloser = 8;
constexpr std::uint32_t kProviders = 9;
// Of Record.
constexpr std::uint32_t kRecordKey = 1;
constexpr std::uint32_t kRecordValue = 2;
constexpr std::uint32_t kRecordTime = 5;
// Of Peer. 3, connection, is what another once saw; who wants to know dials.
constexpr std::uint32_t kPeerId = 1;
constexpr std::uint32_t kPeerAddress = 2;

constexpr std::size_t kTimeTextMax = 64;  // RFC 3339 with nanoseconds takes 35

// --- Writing: all sizes first, then everything into one buffer. All tags of this message have one byte. ---

std::size_t field_size(std::size_t size) {
  return 1 + varint_size(size) + size;
}

std::size_t optional_field_size(std::size_t size) {
  return size == 0 ? 0 : field_size(size);
}

std::size_t record_size(const WireRecord& record) {
  return optional_field_size(record.key.size()) + optional_field_size(record.value.size()) +
         optional_field_size(record.time_received.size());
}

// How much of a peer is written.
struct PeerExtent {
  std::size_t addresses = 0;  // the first ones
  std::size_t size = 0;       // of the Peer message
};

PeerExtent extent_of(const PeerInfo& peer) {
  PeerExtent extent{.size = field_size(peer.id.bytes().size())};
  std::size_t addresses_size = 0;
  for (const Multiaddr& address : peer.addresses) {
    const std::size_t size = field_size(address.bytes().size());
    addresses_size += size;
    if (extent.addresses == kPeerAddressesMax || addresses_size > kPeerAddressesSizeMax) break;
    ++extent.addresses;
    extent.size += size;
  }
  return extent;
}

// Which peers of one list are written, and how much of each.
struct ListExtent {
  std::array<PeerExtent, kPeersMax> peers;
  std::size_t count = 0;
};

// Adds the list to a message that has `total` bytes so far, as far as it fits.
void measure(const std::vector<PeerInfo>& peers, ListExtent& extent, std::size_t& total) {
  for (; extent.count < std::min(peers.size(), kPeersMax); ++extent.count) {
    const PeerExtent peer = extent_of(peers[extent.count]);
    if (total + field_size(peer.size) > kMessageSizeMax) return;
    total += field_size(peer.size);
    extent.peers[extent.count] = peer;
  }
}

class Output {
 public:
  explicit Output(std::size_t size) : bytes_(size), at_(bytes_.data()) {}

  void number(std::uint32_t field, std::uint8_t value) {
    *at_++ = static_cast<std::uint8_t>(field << 3);
    *at_++ = value;
  }
  void begin(std::uint32_t field, std::size_t size) {
    *at_++ = static_cast<std::uint8_t>(field << 3 | 2);
    for (; size >= 0x80; size >>= 7) *at_++ = static_cast<std::uint8_t>(size | 0x80);
    *at_++ = static_cast<std::uint8_t>(size);
  }
  void bytes(std::uint32_t field, BytesView value) {
    begin(field, value.size());
    if (!value.empty()) std::memcpy(at_, value.data(), value.size());
    at_ += value.size();
  }
  void optional_bytes(std::uint32_t field, BytesView value) {
    if (!value.empty()) bytes(field, value);
  }
  Bytes take() { return std::move(bytes_); }

 private:
  Bytes bytes_;
  std::uint8_t* at_;
};

void write(Output& out, std::uint32_t field, const std::vector<PeerInfo>& peers, const ListExtent& extent) {
  for (std::size_t i = 0; i < extent.count; ++i) {
    out.begin(field, extent.peers[i].size);
    out.bytes(kPeerId, peers[i].id.bytes());
    for (std::size_t j = 0; j < extent.peers[i].addresses; ++j) {
      out.bytes(kPeerAddress, peers[i].addresses[j].bytes());
    }
  }
}

// --- Reading ---

// The address without its peer; nothing when it leads to another peer, or nowhere.
std::optional<Multiaddr> read_address(BytesView bytes, const PeerId& peer) {
  constexpr std::array<std::uint8_t, 2> kP2pCode = {0xa5, 0x03};
  auto address = Multiaddr::from_bytes(bytes);
  if (!address) return std::nullopt;
  if (std::ranges::search(bytes, kP2pCode).empty()) return std::move(*address);  // the usual one, cheaply
  const auto leads_to = address->peer_id();
  if (!leads_to) return std::move(*address);
  if (!equal(*leads_to, peer.bytes()) || !address->after_last(Protocol::kP2p).empty()) return std::nullopt;
  Multiaddr without = address->before_last(Protocol::kP2p);
  if (without.empty() || without.peer_id()) return std::nullopt;
  return without;
}

// Nothing for a peer without a proper ID.
Result<std::optional<PeerInfo>> read_peer(BytesView message) {
  BytesView id;
  std::array<BytesView, kPeerAddressesMax> addresses;
  std::size_t count = 0;
  ProtobufReader reader(message, ProtobufForm::kLenient);
  while (reader.next()) {
    if (reader.field() == kPeerId) id = reader.bytes();
    if (reader.field() == kPeerAddress) {
      const BytesView address = reader.repeated_bytes();
      if (count < addresses.size()) addresses[count++] = address;
    }
  }
  if (const auto end = reader.finish(); !end) return fail(end.error());
  const auto peer = PeerId::from_bytes(id);
  if (!peer) return std::nullopt;
  PeerInfo info{.id = *peer, .addresses = {}};
  info.addresses.reserve(count);
  std::size_t size = 0;
  for (const BytesView bytes : std::span(addresses).first(count)) {
    size += field_size(bytes.size());
    if (size > kPeerAddressesSizeMax) break;
    if (auto address = read_address(bytes, *peer)) info.addresses.push_back(std::move(*address));
  }
  return info;
}

// One list. Counts what it leaves out too, which bounds the work.
struct PeerList {
  std::vector<PeerInfo>& peers;
  std::size_t seen = 0;

  void add(ProtobufReader& reader) {
    const BytesView message = reader.repeated_bytes();
    if (++seen > kPeersMax) return;
    auto peer = read_peer(message);
    if (!peer) return reader.fail(Errc::kMalformed);
    if (*peer) peers.push_back(std::move(**peer));
  }
};

BytesView bounded_bytes(ProtobufReader& reader, std::size_t size_max) {
  const BytesView bytes = reader.bytes();
  if (bytes.size() <= size_max) return bytes;
  reader.fail(Errc::kTooLarge);
  return {};
}

Result<WireRecord> read_record(BytesView message) {
  WireRecord record;
  ProtobufReader reader(message, ProtobufForm::kLenient);
  while (reader.next()) {
    switch (reader.field()) {
      case kRecordKey: record.key = to_bytes(bounded_bytes(reader, kKeySizeMax)); break;
      case kRecordValue: record.value = to_bytes(bounded_bytes(reader, kRecordValueSizeMax)); break;
      case kRecordTime: record.time_received = to_text(bounded_bytes(reader, kTimeTextMax)); break;
      default: break;
    }
  }
  if (const auto end = reader.finish(); !end) return fail(end.error());
  return record;
}

}  // namespace

Bytes Message::encode() const {
  std::size_t total = type == MessageType::kPutValue ? 0 : 2;  // 0 is the default, which is not written
  total += optional_field_size(key.size());
  if (record) total += field_size(record_size(*record));
  ListExtent closer_extent, providers_extent;
  measure(closer, closer_extent, total);
  measure(providers, providers_extent, total);

  Output out(total);
  if (type != MessageType::kPutValue) out.number(kType, static_cast<std::uint8_t>(type));
  out.optional_bytes(kKey, key);
  if (record) {
    out.begin(kRecord, record_size(*record));
    out.optional_bytes(kRecordKey, record->key);
    out.optional_bytes(kRecordValue, record->value);
    out.optional_bytes(kRecordTime, as_bytes(record->time_received));
  }
  write(out, kCloser, closer, closer_extent);
  write(out, kProviders, providers, providers_extent);
  return out.take();
}

Result<Message> Message::decode(BytesView bytes) {
  if (bytes.size() > kAnswerSizeMax) return fail(Errc::kTooLarge);
  Message message{.type = MessageType::kPutValue};
  std::uint64_t type = 0;
  BytesView record;
  bool has_record = false;
  PeerList closer{message.closer};
  PeerList providers{message.providers};
  ProtobufReader reader(bytes, ProtobufForm::kLenient);
  while (reader.next()) {
    switch (reader.field()) {
      case kType: type = reader.varint(); break;
      case kKey: message.key = to_bytes(bounded_bytes(reader, kKeySizeMax)); break;
      case kRecord:
        record = reader.bytes();
        has_record = true;
        break;
      case kCloser: closer.add(reader); break;
      case kProviders: providers.add(reader); break;
      default: break;
    }
  }
  if (const auto end = reader.finish(); !end) return fail(end.error());
  if (type > static_cast<std::uint64_t>(MessageType::kPing)) return fail(Errc::kUnsupported);
  message.type = static_cast<MessageType>(type);
  if (has_record) {
    auto read = read_record(record);
    if (!read) return fail(read.error());
    message.record = std::move(*read);
  }
  return message;
}

}  // namespace warren::kad
