#include "warren/env/real/srv_answer.hpp"

#include "warren/base/reader.hpp"
#include "warren/env/real/dns_answer.hpp"

namespace warren::real {

namespace {

constexpr std::uint16_t kSrvRecordType = 33;
constexpr std::size_t kBeforeTarget = 6;  // priority, weight, port

}  // namespace

// The target is read from the whole message: RFC 2782 wants it uncompressed, but servers do compress it
// (RFC 3597, section 4).
Result<std::vector<ServiceRecord>> parse_srv_answer(BytesView message) {
  const auto answer = answer_records(message, kSrvRecordType);
  if (!answer) return fail(answer.error());
  std::vector<ServiceRecord> records;
  for (const AnswerRecord& record : *answer) {
    Reader reader(record.data);
    ServiceRecord service{.ttl = record.ttl};
    service.priority = reader.u16();
    service.weight = reader.u16();
    service.port = reader.u16();
    if (!reader.ok() || reader.remaining() == 0) return fail(Errc::kMalformed);
    const auto begin = static_cast<std::size_t>(record.data.data() - message.data());
    // A name that goes on behind its record is a broken one.
    auto target = host_name_at(message.first(begin + record.data.size()), begin + kBeforeTarget);
    if (!target && target.error() == Errc::kMalformed) return fail(Errc::kMalformed);
    if (!target || target->empty() || records.size() >= kDnsRecordsMax) continue;
    service.target = std::move(*target);
    records.push_back(std::move(service));
  }
  if (records.empty()) return fail(Errc::kNotFound);
  return records;
}

}  // namespace warren::real
