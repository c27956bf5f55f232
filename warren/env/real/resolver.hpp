// DNS by c-ares, whose sockets and timer hang on the node's loop: no threads, and nothing waits.
// https://c-ares.org
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "warren/async/event.hpp"
#include "warren/env/resolver.hpp"

struct ares_channeldata;

namespace warren::real {

struct ResolverOptions {
  // Empty: those of /etc/resolv.conf, with its search domains, and /etc/hosts before them; the files are read
  // for each query, so a change of network is followed.
  std::vector<Endpoint> servers;
  // For the first answer; each further try waits twice as long.
  Duration timeout = 2s;
  int tries = 3;  // of each server
  // Under way at a time, each with a socket of its own; further ones wait.
  std::size_t queries_max = 64;
};

class SystemResolver final : public Resolver {
 public:
  explicit SystemResolver(Executor executor, ResolverOptions options = {})
      : executor_(std::move(executor)), options_(std::move(options)) {}

  // Also throw kIo when the library cannot start, kBadAddress for servers that it does not take.
  Task<std::vector<AddressRecord>> resolve_a(std::string name) override;
  Task<std::vector<AddressRecord>> resolve_aaaa(std::string name) override;
  // Without search domains: the names of dnsaddr records are absolute.
  Task<std::vector<TextRecord>> resolve_txt(std::string name) override;
  Task<std::vector<ServiceRecord>> resolve_srv(std::string name) override;

 private:
  struct Query;
  class Place;
  // Asks the library; the answer goes to the query.
  using Begin = std::function<void(ares_channeldata* channel, const char* name, Query& query)>;

  // Waits for a place, asks, and waits for the answer. Throws the query's error.
  Task<void> ask(std::string name, Begin begin, Query& query);
  Task<std::vector<AddressRecord>> ask_addresses(std::string name, int family);

  Executor executor_;
  ResolverOptions options_;
  std::size_t under_way_ = 0;
  Event place_free_;
};

}  // namespace warren::real
