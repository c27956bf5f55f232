// Floods over connections that are good as such: attacks.md's rows of identify, streams, connections and
// the DHT.
#pragma once

#include "test/attacks/raw_peer.hpp"

namespace warren::attacks {

// What a flood came to. Its peers stay connected until they are closed.
struct Outcome {
  std::size_t sent = 0;   // pushes, streams or connections
  std::size_t ended = 0;  // connections that the victim ended, whereupon another one took over
  std::vector<std::unique_ptr<RawPeer>> peers;
};

// The flood of this name, with `count` of what it sends; kNotFound when there is none. These are
//   pushes               identify pushes, small ones, on one connection
//   protocols            pushes of 1,800 protocols in chunks
//   addresses            pushes of 8,000 addresses in chunks
//   own_records          pushes of the peer's own signed records, each with a higher number
//   foreign_records      pushes of records that are signed by fresh keys
//   peers                as many peers, each of which leaves behind as much as it can
//   streams              streams that are opened on one connection and never used
//   deaf_streams         the same by a peer that reads no answer
//   connections          connections of as many peers
//   dht_providers        streams of the DHT with 20 announcements each, every one for another key
//   dht_records          the same with records of 60 KiB that are not for their keys
//   dht_questions        the same with questions for the nearest peers of a key
//   dht_sizes            streams of the DHT that begin with a size beyond all bounds
Task<Outcome> flood(Env& env, Victim victim, std::string name, std::size_t count);

}  // namespace warren::attacks
