#include "warren/protocols/mdns/packet.hpp"

#include <ldns/ldns.h>  // its parts do not compile alone
// It makes C's of these, which is felt in every file that is compiled together with this one.
#undef bool
#undef true
#undef false

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <span>

#include "warren/base/assert.hpp"
#include "warren/core/ip_address.hpp"
#include "warren/core/peer_address.hpp"

namespace warren::mdns {

namespace {

constexpr std::string_view kServices = "_services._dns-sd._udp.local";
constexpr std::string_view kHosts = "p2p.local";
constexpr std::string_view kTextPrefix = "dnsaddr=";
// The highest bit of a class says "flush your cache" or "by unicast, please" (RFC 6762, section 18.12).
constexpr unsigned kClassMask = 0x7fff;

struct Free {
  void operator()(ldns_pkt* packet) const { ldns_pkt_free(packet); }
  void operator()(ldns_rr* record) const { ldns_rr_free(record); }
  void operator()(ldns_rdf* field) const { ldns_rdf_deep_free(field); }
  void operator()(std::uint8_t* bytes) const { std::free(bytes); }  // ldns uses malloc
};
template <class T>
using Owned = std::unique_ptr<T, Free>;

// --- reading ---

// A name in lower case: each label behind its length, which is below any letter.
std::string canonical(const ldns_rdf* name) {
  std::string text(as_text({ldns_rdf_data(name), ldns_rdf_size(name)}));
  std::ranges::transform(text, text.begin(), [](char c) {
    return static_cast<char>(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
  });
  return text;
}

std::string canonical(std::string_view name) {
  const Owned<ldns_rdf> parsed(ldns_dname_new_frm_str(std::string(name).c_str()));
  WARREN_ASSERT(parsed != nullptr);
  return canonical(parsed.get());
}

// The one label in front of the parent, which is canonical; empty when it is another name.
std::string label_under(const std::string& name, const std::string& parent) {
  if (name.size() <= parent.size() + 1 || !name.ends_with(parent)) return {};
  const std::size_t size = name.size() - parent.size() - 1;
  return static_cast<std::uint8_t>(name.front()) == size ? name.substr(1, size) : std::string();
}

// The names that matter.
struct Names {
  std::string service = canonical(kService);
  std::string services = canonical(kServices);
  std::string hosts = canonical(kHosts);
};

const Names& names() {
  static const Names instance;
  return instance;
}

std::vector<const ldns_rr*> records_of(const ldns_rr_list* list) {
  std::vector<const ldns_rr*> records;
  for (std::size_t i = 0; i < ldns_rr_list_rr_count(list); ++i) {
    const ldns_rr* record = ldns_rr_list_rr(list, i);
    if ((ldns_rr_get_class(record) & kClassMask) == LDNS_RR_CLASS_IN) records.push_back(record);
  }
  return records;
}

Query read_query(const ldns_pkt* packet) {
  Query query;
  for (const ldns_rr* question : records_of(ldns_pkt_question(packet))) {
    const std::string name = canonical(ldns_rr_owner(question));
    const ldns_rr_type type = ldns_rr_get_type(question);
    const bool pointer = type == LDNS_RR_TYPE_PTR || type == LDNS_RR_TYPE_ANY;
    if (pointer && name == names().service) query.peers = true;
    if (pointer && name == names().services) query.services = true;
    for (const std::string& parent : {names().service, names().hosts}) {
      std::string label = label_under(name, parent);
      if (!label.empty()) query.names.push_back(std::move(label));
    }
  }
  return query;
}

// Counts what it has looked at, useful or not.
void read_text(std::string_view text, Announcement& announcement, std::size_t& tried) {
  if (!text.starts_with(kTextPrefix) || tried == kAddressesMax) return;
  ++tried;
  auto named = peer_at(text.substr(kTextPrefix.size()));
  if (!named) return;
  if (announcement.peer.empty()) announcement.peer = named->id;
  if (announcement.peer != named->id) return;
  Multiaddr& without = named->addresses.front();
  if (!without.empty()) announcement.addresses.push_back(std::move(without));
}

void read_texts(const std::vector<const ldns_rr*>& records, Announcement& announcement) {
  std::size_t tried = 0;
  for (const ldns_rr* record : records) {
    if (ldns_rr_get_type(record) != LDNS_RR_TYPE_TXT) continue;
    if (label_under(canonical(ldns_rr_owner(record)), names().service) != announcement.name) continue;
    for (std::size_t i = 0; i < ldns_rr_rd_count(record); ++i) {
      const ldns_rdf* field = ldns_rr_rdf(record, i);
      const BytesView bytes(ldns_rdf_data(field), ldns_rdf_size(field));
      if (!bytes.empty()) read_text(as_text(bytes.subspan(1)), announcement, tried);  // behind its length
    }
  }
  if (announcement.addresses.empty()) announcement.peer = {};
}

std::vector<Announcement> read_announcements(const ldns_pkt* packet) {
  // Most put addresses into the additional section, as the specification has it; some beside the answer.
  std::vector<const ldns_rr*> records = records_of(ldns_pkt_answer(packet));
  const auto additional = records_of(ldns_pkt_additional(packet));
  records.insert(records.end(), additional.begin(), additional.end());

  std::vector<Announcement> announcements;
  for (const ldns_rr* record : records) {
    if (ldns_rr_get_type(record) != LDNS_RR_TYPE_PTR || ldns_rr_rd_count(record) != 1) continue;
    if (canonical(ldns_rr_owner(record)) != names().service) continue;
    std::string name = label_under(canonical(ldns_rr_rdf(record, 0)), names().service);
    if (name.empty() || std::ranges::count(announcements, name, &Announcement::name) > 0) continue;
    const std::chrono::seconds ttl(ldns_rr_ttl(record));
    announcements.push_back({.name = std::move(name), .ttl = ttl, .peer = {}, .addresses = {}});
  }
  for (Announcement& it : announcements) read_texts(records, it);
  return announcements;
}

// --- writing ---

Owned<ldns_rdf> name_field(const std::string& name) {
  return Owned<ldns_rdf>(ldns_dname_new_frm_str(name.c_str()));
}

Owned<ldns_rdf> number_field(std::uint16_t number) {
  return Owned<ldns_rdf>(ldns_native2rdf_int16(LDNS_RDF_TYPE_INT16, number));
}

Owned<ldns_rdf> bytes_field(ldns_rdf_type type, BytesView bytes) {
  return Owned<ldns_rdf>(ldns_rdf_new_frm_data(type, bytes.size(), bytes.data()));
}

Owned<ldns_rdf> text_field(const std::string& text) {
  Bytes bytes = {static_cast<std::uint8_t>(text.size())};
  append(bytes, as_bytes(text));
  return bytes_field(LDNS_RDF_TYPE_STR, bytes);
}

// A message in the making.
class Message {
 public:
  explicit Message(bool response) : packet_(ldns_pkt_new()) {
    ldns_pkt_set_qr(packet_.get(), response);
    ldns_pkt_set_aa(packet_.get(), response);
  }

  void ask(const std::string& name, ldns_rr_type type) {
    Owned<ldns_rr> record = record_of(name, type);
    ldns_rr_set_question(record.get(), true);
    ldns_pkt_push_rr(packet_.get(), LDNS_SECTION_QUESTION, record.release());
  }

  template <class... Fields>
  void add(ldns_pkt_section section, const std::string& name, ldns_rr_type type, Duration ttl,
           Fields... fields) {
    std::vector<Owned<ldns_rdf>> all;
    (all.push_back(std::move(fields)), ...);
    add_list(section, name, type, ttl, std::move(all));
  }

  void add_list(ldns_pkt_section section, const std::string& name, ldns_rr_type type, Duration ttl,
                std::vector<Owned<ldns_rdf>> fields) {
    Owned<ldns_rr> record = record_of(name, type);
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(ttl);
    ldns_rr_set_ttl(record.get(), static_cast<std::uint32_t>(seconds.count()));
    for (Owned<ldns_rdf>& field : fields) {
      WARREN_ASSERT(field != nullptr);
      ldns_rr_push_rdf(record.get(), field.release());
    }
    ldns_pkt_push_rr(packet_.get(), section, record.release());
  }

  Bytes encode() const {
    std::uint8_t* bytes = nullptr;
    std::size_t size = 0;
    const ldns_status status = ldns_pkt2wire(&bytes, packet_.get(), &size);
    const Owned<std::uint8_t> owner(bytes);
    WARREN_ASSERT(status == LDNS_STATUS_OK);
    return to_bytes(BytesView(bytes, size));
  }

 private:
  static Owned<ldns_rr> record_of(const std::string& name, ldns_rr_type type) {
    Owned<ldns_rr> record(ldns_rr_new());
    ldns_rr_set_owner(record.get(), name_field(name).release());
    ldns_rr_set_type(record.get(), type);
    ldns_rr_set_class(record.get(), LDNS_RR_CLASS_IN);
    return record;
  }

  Owned<ldns_pkt> packet_;
};

std::uint16_t port_of(const Multiaddr& address) {
  for (const Protocol transport : {Protocol::kTcp, Protocol::kUdp}) {
    if (const auto endpoint = endpoint_of(address, transport)) return endpoint->port;
  }
  return 0;
}

// go-libp2p's takes no announcement without a host and its addresses.
void add_host(Message& message, const Announcement& announcement, const std::string& instance) {
  const std::string host = announcement.name + "." + std::string(kHosts);
  message.add(LDNS_SECTION_ADDITIONAL, instance, LDNS_RR_TYPE_SRV, announcement.ttl, number_field(0),
              number_field(0), number_field(port_of(announcement.addresses.front())), name_field(host));
  for (const bool v4 : {true, false}) {
    for (const Multiaddr& address : announcement.addresses) {
      const auto ip = ip_address_of(address);
      if (!ip || ip->is_v4() != v4) continue;
      message.add(LDNS_SECTION_ADDITIONAL, host, v4 ? LDNS_RR_TYPE_A : LDNS_RR_TYPE_AAAA, announcement.ttl,
                  bytes_field(v4 ? LDNS_RDF_TYPE_A : LDNS_RDF_TYPE_AAAA, ip->bytes()));
      break;
    }
  }
}

Bytes encode_part(const Announcement& announcement, std::span<const std::string> texts) {
  const std::string service(kService);
  const std::string instance = announcement.name + "." + service;
  Message message(true);
  message.add(LDNS_SECTION_ANSWER, service, LDNS_RR_TYPE_PTR, announcement.ttl, name_field(instance));
  std::vector<Owned<ldns_rdf>> fields;
  for (const std::string& text : texts) fields.push_back(text_field(text));
  message.add_list(LDNS_SECTION_ADDITIONAL, instance, LDNS_RR_TYPE_TXT, announcement.ttl, std::move(fields));
  add_host(message, announcement, instance);
  return message.encode();
}

std::vector<std::string> texts_of(const Announcement& announcement) {
  const std::string peer = "/p2p/" + announcement.peer.to_string();
  std::vector<std::string> texts;
  for (const Multiaddr& address : announcement.addresses) {
    std::string text = std::string(kTextPrefix) + address.to_string() + peer;
    if (text.size() <= kTextSizeMax) texts.push_back(std::move(text));
  }
  return texts;
}

}  // namespace

Result<Packet> parse(BytesView bytes) {
  if (bytes.size() > kPacketSizeMax) return fail(Errc::kTooLarge);
  if (bytes.size() < LDNS_HEADER_SIZE) return fail(Errc::kMalformed);
  // Before memory is taken for them.
  const std::size_t records = std::size_t{LDNS_QDCOUNT(bytes.data())} + LDNS_ANCOUNT(bytes.data()) +
                              LDNS_NSCOUNT(bytes.data()) + LDNS_ARCOUNT(bytes.data());
  if (records > kRecordsMax) return fail(Errc::kTooLarge);

  ldns_pkt* parsed = nullptr;
  const ldns_status status = ldns_wire2pkt(&parsed, bytes.data(), bytes.size());
  const Owned<ldns_pkt> packet(parsed);
  if (status != LDNS_STATUS_OK) return fail(Errc::kMalformed);
  // RFC 6762, sections 18.3 and 18.11: others are ignored in silence.
  if (ldns_pkt_get_opcode(parsed) != LDNS_PACKET_QUERY || ldns_pkt_get_rcode(parsed) != LDNS_RCODE_NOERROR) {
    return Packet{};
  }
  if (!ldns_pkt_qr(parsed)) return Packet{.query = read_query(parsed), .announcements = {}};
  return Packet{.query = {}, .announcements = read_announcements(parsed)};
}

Bytes encode_query() {
  Message message(false);
  message.ask(std::string(kService), LDNS_RR_TYPE_PTR);
  return message.encode();
}

Bytes encode_services(Duration ttl) {
  Message message(true);
  message.add(LDNS_SECTION_ANSWER, std::string(kServices), LDNS_RR_TYPE_PTR, ttl,
              name_field(std::string(kService)));
  return message.encode();
}

std::vector<Bytes> encode(const Announcement& announcement) {
  const std::vector<std::string> texts = texts_of(announcement);
  if (texts.empty()) return {};
  const std::span all(texts);
  // What is in each packet beside the texts, each of which has a byte for its length.
  const std::size_t around = encode_part(announcement, all.first(1)).size() - texts.front().size() - 1;
  std::vector<Bytes> packets;
  for (std::size_t first = 0; first < all.size();) {
    std::size_t size = around;
    std::size_t count = 0;
    while (first + count < all.size() && (count == 0 || size + all[first + count].size() < kAnswerSizeMax)) {
      size += all[first + count].size() + 1;
      ++count;
    }
    packets.push_back(encode_part(announcement, all.subspan(first, count)));
    first += count;
  }
  return packets;
}

}  // namespace warren::mdns
