#include "warren/node/stun_servers.hpp"

#include <charconv>

#include "warren/async/as_result.hpp"
#include "warren/base/log.hpp"

namespace warren {

namespace {

Result<std::uint16_t> parse_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc() || end != text.data() + text.size() || port == 0) return fail(Errc::kBadConfig);
  return port;
}

bool is_host_name(std::string_view text) {
  constexpr std::string_view kAllowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._";
  return !text.empty() && text.size() <= 253 && text.find_first_not_of(kAllowed) == std::string_view::npos;
}

void add(std::vector<Endpoint>& endpoints, const Result<std::vector<AddressRecord>>& found,
         std::uint16_t port) {
  if (!found) return;
  for (const AddressRecord& record : *found) endpoints.push_back({record.address, port});
}

}  // namespace

Result<ServerName> parse_server(std::string_view text) {
  ServerName server;
  std::string_view host = text;
  std::string_view rest;
  if (text.starts_with('[')) {
    const std::size_t end = text.find(']');
    if (end == std::string_view::npos) return fail(Errc::kBadConfig);
    host = text.substr(1, end - 1);
    rest = text.substr(end + 1);
  } else if (const std::size_t colon = text.find(':'); colon != std::string_view::npos) {
    host = text.substr(0, colon);
    rest = text.substr(colon);
  }
  if (!rest.empty()) {
    const auto port = rest.starts_with(':') ? parse_port(rest.substr(1)) : fail(Errc::kBadConfig);
    if (!port) return fail(port.error());
    server.port = *port;
  }
  if (const auto address = IpAddress::parse(host)) {
    server.host = *address;
  } else if (!text.starts_with('[') && is_host_name(host)) {
    server.host = std::string(host);
  } else {
    return fail(Errc::kBadConfig);
  }
  return server;
}

Task<std::vector<Endpoint>> resolve_servers(Env* env, std::vector<ServerName> servers) {
  std::vector<Endpoint> endpoints;
  for (const ServerName& server : servers) {
    if (const auto* address = std::get_if<IpAddress>(&server.host)) {
      endpoints.push_back({*address, server.port});
      continue;
    }
    const std::string& name = std::get<std::string>(server.host);
    if (env->resolver == nullptr) continue;
    const std::size_t before = endpoints.size();
    const auto ip4 = co_await as_result(env->resolver->resolve_a(name));
    add(endpoints, ip4, server.port);
    const auto ip6 = co_await as_result(env->resolver->resolve_aaaa(name));
    add(endpoints, ip6, server.port);
    if (endpoints.size() == before) log::warning("stun", name + ": " + ip4.error().message());
  }
  co_return endpoints;
}

}  // namespace warren
