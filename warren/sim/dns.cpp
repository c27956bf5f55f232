#include "warren/sim/dns.hpp"

#include <algorithm>

namespace warren::sim {

namespace {

std::string lower_case(std::string name) {
  std::ranges::transform(name, name.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  if (name.ends_with('.')) name.pop_back();
  return name;
}

}  // namespace

void Dns::set(const std::string& name, std::vector<IpAddress> addresses, Duration ttl) {
  std::vector<AddressRecord>& records = zone(name).addresses;
  records.clear();
  for (const IpAddress& address : addresses) records.push_back({address, ttl});
}

void Dns::set_text(const std::string& name, std::vector<std::string> texts, Duration ttl) {
  std::vector<TextRecord>& records = zone(name).texts;
  records.clear();
  for (std::string& text : texts) records.push_back({std::move(text), ttl});
}

void Dns::set_srv(const std::string& name, std::vector<ServiceRecord> records) {
  zone(name).services = std::move(records);
}

void Dns::set_error(const std::string& name, std::optional<Errc> error) {
  zone(name).error = error;
}

void Dns::set_delay(const std::string& name, Duration delay) {
  zone(name).delay = delay;
}

Task<std::vector<AddressRecord>> Dns::resolve_a(std::string name) {
  return resolve(std::move(name), true);
}

Task<std::vector<AddressRecord>> Dns::resolve_aaaa(std::string name) {
  return resolve(std::move(name), false);
}

Task<std::vector<TextRecord>> Dns::resolve_txt(std::string name) {
  co_await ask(name);
  std::vector<TextRecord> records = zone(name).texts;
  if (records.size() > kDnsRecordsMax) records.resize(kDnsRecordsMax);
  if (records.empty()) throw_error(Errc::kNotFound, name);
  co_return records;
}

Task<std::vector<ServiceRecord>> Dns::resolve_srv(std::string name) {
  co_await ask(name);
  std::vector<ServiceRecord> records = zone(name).services;
  if (records.size() > kDnsRecordsMax) records.resize(kDnsRecordsMax);
  if (records.empty()) throw_error(Errc::kNotFound, name);
  co_return records;
}

Dns::Zone& Dns::zone(const std::string& name) {
  return zones_[lower_case(name)];
}

Task<std::vector<AddressRecord>> Dns::resolve(std::string name, bool v4) {
  co_await ask(name);
  std::vector<AddressRecord> records = zone(name).addresses;
  std::erase_if(records, [v4](const AddressRecord& record) { return record.address.is_v4() != v4; });
  if (records.size() > kDnsRecordsMax) records.resize(kDnsRecordsMax);
  if (records.empty()) throw_error(Errc::kNotFound, name);
  co_return records;
}

Task<void> Dns::ask(std::string name) {
  ++queries_;
  const bool silent = zone(name).error == Errc::kTimedOut;
  co_await clock_.sleep_for(silent ? kTimeout : zone(name).delay.value_or(delay_));
  const auto error = zone(name).error;
  if (error) throw_error(*error, name);
}

}  // namespace warren::sim
