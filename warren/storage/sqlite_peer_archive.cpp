#include "warren/storage/sqlite_peer_archive.hpp"

#include <mutex>

#include "warren/base/protobuf_wire.hpp"
#include "warren/storage/database.hpp"

namespace warren {
namespace {

// `touched` counts writes: which peer was written last, whatever the clock says. What a peer lacks is NULL.
// Sequence numbers have 64 bits and SQLite's numbers 63 and a sign; they are kept as 8 bytes, big-endian.
constexpr const char* kPeerSchema = R"(
CREATE TABLE peer (
  peer BLOB PRIMARY KEY,
  touched INTEGER NOT NULL,
  record_seq BLOB,
  described INTEGER NOT NULL,
  protocols BLOB,
  agent_version BLOB,
  protocol_version BLOB,
  security BLOB,
  latency_ns INTEGER,
  public_key BLOB
) WITHOUT ROWID;
CREATE INDEX peer_by_age ON peer (touched);
CREATE TABLE peer_address (
  peer BLOB NOT NULL REFERENCES peer (peer) ON DELETE CASCADE,
  address BLOB NOT NULL,
  source INTEGER NOT NULL,
  expires_ms INTEGER NOT NULL,
  success_ms INTEGER,
  failures INTEGER NOT NULL,
  PRIMARY KEY (peer, address)
) WITHOUT ROWID;
)";

constexpr const char* kInsertPeer =
    "INSERT INTO peer (peer, touched, record_seq, described, protocols, agent_version, protocol_version, "
    "security, latency_ns, public_key) "
    "VALUES (?, (SELECT ifnull(max(touched), 0) + 1 FROM peer), ?, ?, ?, ?, ?, ?, ?, ?)";
constexpr const char* kInsertAddress =
    "INSERT OR REPLACE INTO peer_address (peer, address, source, expires_ms, success_ms, failures) "
    "VALUES (?, ?, ?, ?, ?, ?)";
constexpr const char* kSelectPeers =
    "SELECT peer, record_seq, described, protocols, agent_version, protocol_version, security, latency_ns, "
    "public_key FROM peer ORDER BY touched DESC LIMIT ?";
constexpr const char* kSelectAddresses =
    "SELECT address, source, expires_ms, success_ms, success_ms IS NULL, failures FROM peer_address "
    "WHERE peer = ? LIMIT ?";

std::array<std::uint8_t, 8> big_endian(std::uint64_t number) {
  std::array<std::uint8_t, 8> bytes{};
  for (std::size_t i = bytes.size(); i-- > 0; number >>= 8) bytes[i] = static_cast<std::uint8_t>(number);
  return bytes;
}

// One protobuf field for each.
Bytes encode(const std::vector<ProtocolId>& protocols) {
  ProtobufWriter writer;
  for (const ProtocolId& protocol : protocols) writer.bytes(1, as_bytes(protocol));
  return writer.take();
}

std::vector<ProtocolId> decode(BytesView bytes) {
  std::vector<ProtocolId> protocols;
  ProtobufReader reader(bytes, ProtobufForm::kLenient);
  while (reader.next()) {
    if (reader.field() == 1) protocols.push_back(to_text(reader.repeated_bytes()));
  }
  return reader.finish() ? protocols : std::vector<ProtocolId>();
}

// std::nullopt: nobody has such a name.
std::optional<ArchivedPeer> read_peer(const Statement& row) {
  const auto peer = PeerId::from_bytes(row.bytes(0));
  if (!peer) return std::nullopt;
  ArchivedPeer archived;
  archived.id = *peer;
  if (const BytesView seq = row.bytes(1); seq.size() == 8) {
    std::uint64_t number = 0;
    for (const std::uint8_t byte : seq) number = number << 8 | byte;
    archived.record_seq = number;
  }
  if (row.integer(2) != 0) {
    archived.description = PeerDescription{.protocols = decode(row.bytes(3)),
                                           .agent_version = to_text(row.bytes(4)),
                                           .protocol_version = to_text(row.bytes(5))};
  }
  if (const BytesView security = row.bytes(6); !security.empty()) archived.security = to_text(security);
  if (const std::int64_t latency = row.integer(7); latency > 0) archived.latency = Duration(latency);
  if (const BytesView key = row.bytes(8); !key.empty()) archived.public_key = to_bytes(key);
  return archived;
}

std::optional<ArchivedPeer::Address> read_address(const Statement& row) {
  auto address = Multiaddr::from_bytes(row.bytes(0));
  const std::int64_t source = row.integer(1);
  const std::int64_t failures = row.integer(5);
  const bool is_source = source >= 0 && source <= static_cast<std::int64_t>(AddressSource::kConfigured);
  if (!address || !is_source || failures < 0 || failures > UINT32_MAX) return std::nullopt;
  ArchivedPeer::Address read{.address = std::move(*address),
                             .source = static_cast<AddressSource>(source),
                             .expires = from_unix_ms(row.integer(2)),
                             .last_success = std::nullopt,
                             .failures = static_cast<std::uint32_t>(failures)};
  if (row.integer(4) == 0) read.last_success = from_unix_ms(row.integer(3));
  return read;
}

}  // namespace

struct SqlitePeerArchive::State {
  Database database;
  Statement remove, insert, insert_address, drop_oldest, peers, addresses;
  PeerArchiveLimits limits;
  std::mutex mutex;

  Result<> write(const ArchivedPeer& peer);
  Result<> write(const ArchivedPeer::Address& address, const PeerId& peer);
  Result<> write(const std::vector<ArchivedPeer>& changed, const std::vector<PeerId>& forgotten);
  Result<> read_addresses(ArchivedPeer& peer);
  Result<std::vector<ArchivedPeer>> read(std::size_t limit);
};

SqlitePeerArchive::SqlitePeerArchive(std::unique_ptr<State> state) : state_(std::move(state)) {}
SqlitePeerArchive::~SqlitePeerArchive() = default;

Result<std::unique_ptr<SqlitePeerArchive>> SqlitePeerArchive::open(const std::string& path,
                                                                   PeerArchiveLimits limits) {
  auto database = Database::open(path, {kPeerSchema});
  if (!database) return fail(database.error());
  auto remove = database->prepare("DELETE FROM peer WHERE peer = ?");
  auto insert = database->prepare(kInsertPeer);
  auto insert_address = database->prepare(kInsertAddress);
  auto drop_oldest = database->prepare(
      "DELETE FROM peer WHERE peer IN (SELECT peer FROM peer ORDER BY touched "
      "LIMIT max(0, (SELECT count(*) FROM peer) - ?))");
  auto peers = database->prepare(kSelectPeers);
  auto addresses = database->prepare(kSelectAddresses);
  for (const auto* statement : {&remove, &insert, &insert_address, &drop_oldest, &peers, &addresses}) {
    if (!*statement) return fail(statement->error());
  }
  auto state = std::unique_ptr<State>(new State{std::move(*database), std::move(*remove), std::move(*insert),
                                                std::move(*insert_address), std::move(*drop_oldest),
                                                std::move(*peers), std::move(*addresses), limits});
  return std::unique_ptr<SqlitePeerArchive>(new SqlitePeerArchive(std::move(state)));
}

Result<> SqlitePeerArchive::State::write(const ArchivedPeer::Address& address, const PeerId& peer) {
  insert_address.bind(1, peer.bytes())
      .bind(2, address.address.bytes())
      .bind(3, static_cast<std::int64_t>(address.source))
      .bind(4, unix_ms(address.expires))
      .bind(6, static_cast<std::int64_t>(address.failures));
  if (address.last_success) insert_address.bind(5, unix_ms(*address.last_success));
  const auto done = insert_address.run();
  return done ? Result<>{} : fail(done.error());
}

Result<> SqlitePeerArchive::State::write(const ArchivedPeer& peer) {
  if (const auto removed = remove.bind(1, peer.id.bytes()).run(); !removed) return fail(removed.error());
  insert.bind(1, peer.id.bytes()).bind(3, std::int64_t{peer.description.has_value()});
  if (peer.record_seq) insert.bind(2, big_endian(*peer.record_seq));
  if (peer.description) {
    insert.bind(4, encode(peer.description->protocols))
        .bind(5, as_bytes(peer.description->agent_version))
        .bind(6, as_bytes(peer.description->protocol_version));
  }
  if (peer.security) insert.bind(7, as_bytes(*peer.security));
  if (peer.latency) insert.bind(8, std::int64_t{peer.latency->count()});
  if (peer.public_key) insert.bind(9, *peer.public_key);
  if (const auto done = insert.run(); !done) return fail(done.error());
  for (const ArchivedPeer::Address& address : peer.addresses) {
    if (const auto done = write(address, peer.id); !done) return done;
  }
  return {};
}

Result<> SqlitePeerArchive::State::write(const std::vector<ArchivedPeer>& changed,
                                         const std::vector<PeerId>& forgotten) {
  for (const PeerId& peer : forgotten) {
    if (const auto removed = remove.bind(1, peer.bytes()).run(); !removed) return fail(removed.error());
  }
  for (const ArchivedPeer& peer : changed) {
    if (const auto done = write(peer); !done) return done;
  }
  const auto dropped = drop_oldest.bind(1, static_cast<std::int64_t>(limits.peers_max)).run();
  return dropped ? Result<>{} : fail(dropped.error());
}

Result<> SqlitePeerArchive::write(const std::vector<ArchivedPeer>& changed,
                                  const std::vector<PeerId>& forgotten) {
  const std::lock_guard lock(state_->mutex);
  return state_->database.transaction([&] { return state_->write(changed, forgotten); });
}

Result<> SqlitePeerArchive::State::read_addresses(ArchivedPeer& peer) {
  addresses.bind(1, peer.id.bytes()).bind(2, static_cast<std::int64_t>(limits.addresses_per_peer_max));
  while (true) {
    const Result<bool> row = addresses.step();
    if (!row) return fail(row.error());
    if (!*row) break;
    if (auto address = read_address(addresses)) peer.addresses.push_back(std::move(*address));
  }
  addresses.reset();
  return {};
}

Result<std::vector<ArchivedPeer>> SqlitePeerArchive::State::read(std::size_t limit) {
  std::vector<ArchivedPeer> all;
  peers.bind(1, static_cast<std::int64_t>(std::min(limit, limits.peers_max)));
  while (true) {
    const Result<bool> row = peers.step();
    if (!row) return fail(row.error());
    if (!*row) break;
    if (auto peer = read_peer(peers)) all.push_back(std::move(*peer));
  }
  peers.reset();
  for (ArchivedPeer& peer : all) {
    if (const auto done = read_addresses(peer); !done) return fail(done.error());
  }
  return all;
}

Result<std::vector<ArchivedPeer>> SqlitePeerArchive::read(std::size_t limit) {
  const std::lock_guard lock(state_->mutex);
  return state_->read(limit);
}

}  // namespace warren
