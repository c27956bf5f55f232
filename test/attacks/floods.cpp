#include "test/attacks/floods.hpp"

#include <map>

#include "warren/async/as_result.hpp"
#include "warren/base/varint.hpp"
#include "warren/crypto/hash.hpp"
#include "warren/crypto/peer_record.hpp"
#include "warren/multiformats/multihash.hpp"
#include "warren/protocols/identify/identify.hpp"
#include "warren/protocols/kad/kad.hpp"
#include "warren/protocols/kad/wire/message.hpp"

namespace warren::attacks {

namespace {

using identify::Message;

constexpr std::size_t kBatchMax = 256 * 1024;
constexpr std::size_t kReconnectsMax = 100;
// What a peer may say in one push (identify::Limits).
constexpr std::size_t kMessages = 10;
constexpr std::size_t kRecordAddresses = 64;
constexpr std::size_t kAtOnce = 16;
constexpr std::size_t kDhtMessages = 20;  // on one stream
constexpr std::size_t kLargeRecord = 60 * 1024;

// The n-th thing that a peer sends, as frames.
using MakeFrames = std::function<void(Env& env, const RawPeer& peer, std::size_t n, Bytes& frames)>;

template <class AnyMessage>
void append_delimited(Bytes& to, const AnyMessage& message) {
  const Bytes encoded = message.encode();
  append_varint(to, encoded.size());
  append(to, encoded);
}

void append_push(Bytes& frames, std::size_t n, const std::vector<Message>& messages) {
  Bytes payload;
  for (const Message& message : messages) append_delimited(payload, message);
  append_conversation(frames, stream_number(n), identify::kPushProtocol, payload);
}

Multiaddr address_number(std::size_t n) {
  const std::string host = std::to_string(1 + n % 200) + "." + std::to_string(n / 200 % 250) + ".7.9";
  return value_or_throw(Multiaddr::parse("/ip4/" + host + "/tcp/" + std::to_string(1024 + n % 60000)));
}

void small(Env&, const RawPeer&, std::size_t n, Bytes& frames) {
  Message message;
  message.agent_version = "flood/" + std::to_string(n);
  append_push(frames, n, {message});
}

void protocols(Env&, const RawPeer&, std::size_t n, Bytes& frames) {
  std::vector<Message> messages(kMessages);
  for (std::size_t i = 0; i < 1800; ++i) {
    messages[i % kMessages].protocols.push_back("/flood/" + std::to_string(n) + "/" + std::to_string(i));
  }
  append_push(frames, n, messages);
}

void addresses(Env&, const RawPeer&, std::size_t n, Bytes& frames) {
  std::vector<Message> messages(kMessages);
  for (std::size_t i = 0; i < 8000; ++i) {
    messages[i % kMessages].listen_addresses.push_back(address_number(n + i));
  }
  append_push(frames, n, messages);
}

void record(const PrivateKey& key, std::size_t n, Bytes& frames) {
  PeerRecord record{.peer_id = PeerId::from_public_key(key.public_key()), .seq = n + 1, .addresses = {}};
  for (std::size_t i = 0; i < kRecordAddresses; ++i) record.addresses.push_back(address_number(n + i));
  Message message;
  message.signed_peer_record = record.seal(key);
  append_push(frames, n, {message});
}

void own_record(Env&, const RawPeer& peer, std::size_t n, Bytes& frames) {
  record(peer.key(), n, frames);
}

void foreign_record(Env& env, const RawPeer&, std::size_t n, Bytes& frames) {
  record(new_key(env), n, frames);
}

void silent_stream(Env&, const RawPeer&, std::size_t n, Bytes& frames) {
  append_open(frames, stream_number(n));
}

// A key that no other peer or message has.
Bytes dht_key(const RawPeer& peer, std::size_t n) {
  Bytes preimage = to_bytes(peer.peer_id().bytes());
  append_varint(preimage, n);
  const Digest digest = sha256(preimage);
  return Multihash{.code = kHashSha256, .digest = to_bytes(digest)}.encode();
}

using MakeDhtMessage = kad::Message (*)(const RawPeer& peer, std::size_t n);

kad::Message announcement(const RawPeer& peer, std::size_t n) {
  return {.type = kad::MessageType::kAddProvider,
          .key = dht_key(peer, n),
          .providers = {PeerInfo{peer.peer_id(), {address_number(n)}}}};
}

kad::Message wrong_record(const RawPeer& peer, std::size_t n) {
  Bytes key = to_bytes(std::string_view("/pk/"));
  append(key, dht_key(peer, n));
  return {.type = kad::MessageType::kPutValue,
          .key = key,
          .record = kad::WireRecord{.key = key, .value = Bytes(kLargeRecord, 'x'), .time_received = {}}};
}

kad::Message question(const RawPeer& peer, std::size_t n) {
  return {.type = kad::MessageType::kFindNode, .key = dht_key(peer, n)};
}

MakeFrames on_dht(MakeDhtMessage make) {
  return [make](Env&, const RawPeer& peer, std::size_t n, Bytes& frames) {
    Bytes payload;
    for (std::size_t i = 0; i < kDhtMessages; ++i)
      append_delimited(payload, make(peer, n * kDhtMessages + i));
    append_conversation(frames, stream_number(n), kad::warren_protocol("main"), payload);
  };
}

void endless_size(Env&, const RawPeer&, std::size_t n, Bytes& frames) {
  Bytes payload;
  append_varint(payload, std::uint64_t{1} << 62);
  append_conversation(frames, stream_number(n), kad::warren_protocol("main"), payload);
}

// Sends from number `sent` on; throws when the victim ends the connection.
Task<void> send(Env& env, RawPeer& peer, const MakeFrames& make, std::size_t count, std::size_t& sent) {
  for (std::size_t n = 0; sent < count;) {
    Bytes frames;
    std::size_t made = 0;
    for (; sent + made < count && frames.size() < kBatchMax; ++made) make(env, peer, n++, frames);
    co_await peer.write(std::move(frames));
    sent += made;
  }
}

Task<Outcome> over_one_connection(Env& env, Victim victim, MakeFrames make, std::size_t count, bool reads) {
  Outcome outcome;
  while (outcome.sent < count && outcome.ended < kReconnectsMax) {
    outcome.peers.push_back(co_await RawPeer::connect(env, victim));
    RawPeer& peer = *outcome.peers.back();
    if (reads) peer.ignore_answers();
    const auto sent = co_await as_result(send(env, peer, make, count, outcome.sent));
    outcome.ended += !sent.has_value();
  }
  co_return outcome;
}

// All that a peer can say of itself, each in its greatest length.
std::vector<Message> most() {
  std::vector<Message> messages(kMessages);
  for (std::size_t i = 0; i < 256; ++i) {
    messages[i % kMessages].protocols.push_back("/flood/" + std::string(245, 'p') + std::to_string(i));
  }
  for (std::size_t i = 0; i < 32; ++i) {
    const std::string name = std::string(60, 'a') + "." + std::string(60, 'b') + std::to_string(i);
    messages[i % kMessages].listen_addresses.push_back(
        value_or_throw(Multiaddr::parse("/dns4/" + name + "/tcp/4001")));
  }
  return messages;
}

Task<Outcome> many_peers(Env& env, Victim victim, std::size_t count) {
  Outcome outcome;
  const std::vector<Message> messages = most();
  for (; outcome.sent < count; ++outcome.sent) {
    const auto peer = co_await RawPeer::connect(env, victim);
    peer->ignore_answers();
    Bytes frames;
    append_push(frames, 0, messages);
    co_await as_result(peer->write(std::move(frames)));
    const auto heard = co_await as_result(peer->finish());
    outcome.ended += !heard.has_value();
    co_await peer->close();
  }
  co_return outcome;
}

Task<void> add_connection(Env& env, Victim victim, Outcome& outcome) {
  auto peer = co_await as_result(RawPeer::connect(env, std::move(victim)));
  if (!peer) {
    ++outcome.ended;
    co_return;
  }
  (*peer)->ignore_answers();
  outcome.peers.push_back(std::move(*peer));
  ++outcome.sent;
}

Task<Outcome> many_connections(Env& env, Victim victim, std::size_t count) {
  Outcome outcome;
  for (std::size_t tried = 0; tried < count;) {
    TaskGroup group(env.executor, "attack");
    for (std::size_t i = 0; i < kAtOnce && tried < count; ++i, ++tried) {
      group.spawn(add_connection(env, victim, outcome));
    }
    co_await group.join();
  }
  co_return outcome;
}

}  // namespace

Task<Outcome> flood(Env& env, Victim victim, std::string name, std::size_t count) {
  if (name == "connections") co_return co_await many_connections(env, std::move(victim), count);
  if (name == "peers") co_return co_await many_peers(env, std::move(victim), count);
  const std::map<std::string, MakeFrames> makers = {
      {"pushes", &small},
      {"protocols", &protocols},
      {"addresses", &addresses},
      {"own_records", &own_record},
      {"foreign_records", &foreign_record},
      {"streams", &silent_stream},
      {"deaf_streams", &silent_stream},
      {"dht_providers", on_dht(&announcement)},
      {"dht_records", on_dht(&wrong_record)},
      {"dht_questions", on_dht(&question)},
      {"dht_sizes", &endless_size},
  };
  const auto maker = makers.find(name);
  if (maker == makers.end()) throw_error(Errc::kNotFound, name);
  const bool reads = name != "deaf_streams";
  Outcome outcome = co_await over_one_connection(env, std::move(victim), maker->second, count, reads);
  // The victim has taken all of it when it hangs up.
  if (name != "streams" && name != "deaf_streams") {
    co_await as_result(outcome.peers.back()->finish());
  }
  co_return outcome;
}

}  // namespace warren::attacks
