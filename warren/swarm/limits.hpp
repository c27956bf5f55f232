// How much of the node others can take up: one flat table, each limit with its default and the reason for it.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include "warren/base/time.hpp"

namespace warren {

struct SwarmLimits {
  // --- connections; those of peers that the access list allows are not counted ---

  // Both directions. An idle one costs about 12 KiB.
  std::size_t connections_max = 1024;
  // Of these, inbound: the rest is kept for our own dials, so that nobody can cut a node off (eclipse).
  std::size_t connections_inbound_max = 768;
  // To and from one peer: a second one may come from simultaneous dials, further ones serve nobody.
  std::size_t connections_per_peer_max = 8;
  // From one address or subnet. A household or a small office shares an IPv4 address; an IPv6 provider gives
  // a customer a /56, and a rented rack has a /48. Private and loopback addresses are exempt.
  std::size_t connections_per_ip4_max = 32;
  std::size_t connections_per_ip6_56_max = 32;
  std::size_t connections_per_ip6_48_max = 64;
  // Inbound connections whose handshake is not done. Each costs a socket and up to 100 KiB. When a further
  // one comes, the oldest of them makes room: an honest handshake takes milliseconds.
  std::size_t half_open_max = 128;
  // The same over QUIC, where each costs 40 KiB. From a quarter of them on, clients must show first that they
  // are where they say, so that forged addresses cannot fill this.
  std::size_t half_open_quic_max = 256;
  // Dial attempts that begin in one second; further ones wait their turn.
  std::size_t dials_per_second_max = 64;
  // Addresses of one peer that one dial tries.
  std::size_t dial_addresses_max = 16;

  // The connection manager: above the high mark, connections that nobody protects are closed, the least
  // useful first, until the low mark is reached. None that is younger than the grace period.
  std::size_t connections_high = 384;
  std::size_t connections_low = 256;
  Duration connection_grace = 20s;

  // --- streams that peers open and that are being served; further ones are reset ---

  std::size_t streams_max = 16384;
  std::size_t streams_per_connection_max = 512;
  std::size_t streams_per_protocol_and_peer_max = 256;

  // --- bytes received and not read yet ---

  std::size_t bytes_buffered_max = 256 * 1024 * 1024;
  std::size_t bytes_buffered_per_connection_max = 80 * 1024 * 1024;

  // --- what peers tell of themselves; the rest is dropped ---

  std::size_t identify_protocols_max = 256;
  std::size_t identify_addresses_max = 64;
  std::size_t peerstore_peers_max = 4096;
  std::size_t peerstore_bytes_max = 12 * 1024 * 1024;
  std::size_t peerstore_addresses_per_peer_max = 32;

  // --- what is kept for others in the DHT, of all instances together ---

  // Values: a network of 10,000 nodes, two records each, 20 copies, leaves 40 at a server.
  std::size_t dht_records_max = 16384;
  std::size_t dht_record_bytes_max = 32 * 1024 * 1024;
  // (key, provider) pairs; about 100 bytes each.
  std::size_t dht_providers_max = 100'000;
  std::size_t dht_providers_per_key_max = 256;
  // Conversations of the DHT that are served at a time.
  std::size_t dht_streams_max = 1024;

  // --- rendezvous: what is registered here ---

  std::size_t rendezvous_registrations_max = 10'000;
  std::size_t rendezvous_registrations_per_peer_max = 100;

  // --- circuits that this node relays for others (protocols/relay) ---

  // Each holds a connection open; a slot of ours costs some 30 KiB with it.
  std::size_t relay_reservations_max = 1024;
  // From one address, as go-libp2p has it; and from one network: an IPv4 /24, an IPv6 /48.
  std::size_t relay_reservations_per_ip_max = 8;
  std::size_t relay_reservations_per_network_max = 32;
  std::size_t relay_circuits_max = 1024;
  // From or to one peer.
  std::size_t relay_circuits_per_peer_max = 16;

  // --- dialing back to tell others whether they are reachable (protocols/autonat), in a minute ---

  std::size_t autonat_dials_max = 60;
  std::size_t autonat_dials_per_peer_max = 12;

  // --- STUN requests answered in a second (protocols/stun) ---

  std::size_t stun_answers_max = 200;
  std::size_t stun_answers_per_ip_max = 10;

  // --- hole punching (protocols/dcutr, protocols/spray) ---

  // Under way at a time, whoever began them.
  std::size_t punches_max = 16;
  // New flows in a second; five times as many at once. Home routers have small tables.
  std::size_t punch_flows_per_second_max = 10;
  // NAT entries of one spray.
  std::size_t spray_entries_max = 600;

  // --- topics (protocols/pubsub) ---

  // That this node is subscribed to.
  std::size_t topics_max = 1024;
  // What waits to be sent to peers: to one, and to all together.
  std::size_t topic_queue_bytes_per_peer_max = 4 * 1024 * 1024;
  std::size_t topic_queue_bytes_max = 128 * 1024 * 1024;

  // --- time ---

  // From the first byte to a secured and multiplexed connection.
  Duration handshake_timeout = 10s;
  // For an inbound stream to name its protocol.
  Duration negotiation_timeout = 10s;
  // One address of a dial, with the handshake.
  Duration dial_attempt_timeout = 5s;
  // A whole dial.
  Duration dial_timeout = 15s;
};

// A limit by its name: what warren.toml sets under [limits] and `warren limits` shows.
struct LimitKnob {
  std::string_view name;  // that of the field
  std::size_t SwarmLimits::* field;
  std::string_view about;
};

// Every limit above that is a number, in its order.
std::span<const LimitKnob> limit_knobs();

}  // namespace warren
