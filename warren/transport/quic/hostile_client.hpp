// For this folder's tests: a client that makes a proper handshake with a Connection, takes the keys out of
// it, and from then on sends the packets that a test writes, frame by frame. RFC 9000, 9001
#pragma once

#include <map>
#include <set>

#include "warren/transport/quic/packet_crafting.hpp"
#include "warren/transport/quic/quic_integer.hpp"
#include "warren/transport/quic/test_path.hpp"

namespace warren::quic::test {

// Bytes: what a connection may hold whatever its peer does.
inline constexpr std::size_t kMemorySmall = 256 * 1024;

class HostileClient final : private EngineEvents {
 public:
  explicit HostileClient(const NodeOptions& for_server = {})
      : server(5, endpoint(2, 2002), for_server),
        node_(4, endpoint(1, 1001), {}),
        tls_(node_.credentials, Side::kInitiator, std::nullopt, kWallNow),
        engine_({.side = Side::kInitiator,
                 .path = {node_.local, server.local},
                 .now = now,
                 .random = node_.random,
                 .reset_secret = node_.secret},
                limits_, tls_, *this) {
    shake_hands();
  }

  Connection& victim() { return *server.connection; }
  Endpoint address() const { return node_.local; }

  // A packet with these frames, from there or from the usual address.
  void send(const Frames& frames, std::optional<Endpoint> from = std::nullopt) {
    const Bytes datagram = keys_->seal(target, number_++, frames.bytes);
    const Endpoint source = from.value_or(node_.local);
    sent[source] += datagram.size();
    victim().receive({server.local, source}, datagram, Ecn::kNotCapable, now);
    drain();
  }

  // What the victim sends goes here.
  void drain() {
    while (const auto batch = victim().take(buffer_, now)) {
      for (BytesView left = batch->bytes; !left.empty();) {
        const BytesView datagram = left.first(std::min(left.size(), batch->segment_size));
        left = left.subspan(datagram.size());
        ++answers;
        answered[batch->path.remote] += datagram.size();
        if (const auto frames = server_keys_->open(datagram, seen_)) on_frames(*frames);
      }
    }
    for (const ConnectionIdChange& change : victim().take_id_changes()) {
      if (change.added) {
        ids.insert(change.id);
      } else {
        ids.erase(change.id);
      }
    }
    memory_max = std::max(memory_max, victim().library_memory());
  }

  void run_for(Duration duration) {
    const Instant end = now + duration;
    drain();
    while (!victim().gone(now) && victim().deadline() <= end) {
      now = std::max(now, victim().deadline());
      victim().tick(now);
      drain();
      now += 1us;
    }
    now = std::max(now, end);
  }

  // Acknowledges all that the victim has sent, from there.
  void acknowledge(std::optional<Endpoint> from = std::nullopt) {
    send(Frames().frame(0x02, {seen_, 0, 0, seen_}), from);
  }

  // Answers what the victim asked to validate paths with.
  void echo_challenges(const Endpoint& from) {
    for (const Bytes& data : std::exchange(challenges_, {})) {
      Frames frames;
      frames.bytes.push_back(0x1b);
      send(frames.raw(data), from);
    }
  }

  // Whether it is still served.
  bool echoes() {
    const std::uint64_t id = next_echo_;
    next_echo_ += 4;
    send(Frames().stream(id, 0, as_bytes("hello")));
    bool found = false;
    while (const StreamStatePtr stream = victim().accept()) {
      found = found || stream->received.size() == 5;
      victim().release(*stream);
    }
    return found;
  }

  Node server;
  Instant now{};
  ConnectionId target;                   // packets are addressed to
  std::set<ConnectionId> ids;            // of the victim's, in use
  std::map<Endpoint, std::size_t> sent;  // bytes, by the sender's address
  std::map<Endpoint, std::size_t> answered;
  std::size_t answers = 0;  // datagrams
  std::size_t path_responses = 0;
  std::optional<std::uint64_t> close_code;  // of the transport, that the victim sent
  std::size_t memory_max = 0;               // of the library's for the victim

 private:
  void shake_hands() {
    const SecretRecorder recorder(tls_.handle());
    for (int round = 0; round < 100 && !(server.connection && victim().established()); ++round) {
      write_engine();
      while (server.connection) {
        const auto batch = victim().take(buffer_, now);
        if (!batch) break;
        for (BytesView left = batch->bytes; !left.empty();) {
          const BytesView datagram = left.first(std::min(left.size(), batch->segment_size));
          left = left.subspan(datagram.size());
          engine_.read({node_.local, server.local}, datagram, Ecn::kNotCapable, now);
        }
      }
      now += 1ms;
    }
    WARREN_ASSERT(victim().established());
    keys_.emplace(recorder.secrets.client);
    server_keys_.emplace(recorder.secrets.server);
    for (const ConnectionId& id : victim().connection_ids()) ids.insert(id);
    target = victim().connection_ids().front();
    victim().take_id_changes();
    drain();
  }

  void write_engine() {
    Bytes buffer(1500);
    while (true) {
      const Engine::Written written = engine_.write(buffer, {}, now);
      if (written.size == 0) return;
      const BytesView datagram = BytesView(buffer).first(written.size);
      if (!server.connection) {
        const FirstPacket first = value_or_throw(decode_first(datagram));
        server.start(Side::kResponder, node_.local, now, &first);
      }
      victim().receive({server.local, node_.local}, datagram, Ecn::kNotCapable, now);
    }
  }

  void on_frames(const Bytes& frames) {
    // They are short ones, when they are what is looked for here: at the beginning, or after an ACK.
    Reader reader(frames);
    while (reader.ok() && reader.remaining() > 0) {
      switch (read_integer(reader)) {
        case 0x00:
        case 0x01:
        case 0x1e: break;
        case 0x02: {
          read_integer(reader);
          read_integer(reader);
          const std::uint64_t ranges = read_integer(reader);
          for (std::uint64_t i = 0; i < 2 * ranges + 1 && reader.ok(); ++i) read_integer(reader);
          break;
        }
        case 0x04: read_integer(reader); [[fallthrough]];
        case 0x05:
        case 0x11: read_integer(reader); [[fallthrough]];
        case 0x10:
        case 0x12:
        case 0x19: read_integer(reader); break;
        case 0x06:
          read_integer(reader);
          reader.bytes(read_integer(reader));
          break;
        case 0x07: reader.bytes(read_integer(reader)); break;
        case 0x18:
          read_integer(reader);
          read_integer(reader);
          reader.bytes(reader.u8());
          reader.bytes(16);
          break;
        case 0x1a: challenges_.push_back(to_bytes(reader.bytes(8))); break;
        case 0x1b:
          reader.bytes(8);
          ++path_responses;
          break;
        case 0x1c: close_code = read_integer(reader); return;
        default: return;
      }
    }
  }

  void on_handshake_completed() override {}
  void on_stream_opened(StreamId) override {}
  void on_stream_data(StreamState&, BytesView, bool) override {}
  void on_stream_acknowledged(StreamState&, std::uint64_t) override {}
  void on_stream_reset(StreamState&, std::uint64_t) override {}
  void on_stream_window(StreamState&) override {}
  void on_stream_closed(StreamState&) override {}
  void on_connection_id(const ConnectionId&) override {}
  void on_connection_id_retired(const ConnectionId&) override {}
  void on_token(BytesView) override {}

  Limits limits_{};
  Node node_;
  TlsSession tls_;
  Engine engine_;
  std::optional<PacketKeys> keys_;
  std::optional<PacketKeys> server_keys_;
  std::uint32_t number_ = 1000;
  std::uint32_t seen_ = 0;
  std::vector<Bytes> challenges_;
  std::uint64_t next_echo_ = 0;
  Bytes buffer_ = Bytes(65536);
};

}  // namespace warren::quic::test
