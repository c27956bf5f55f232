// What the commands about finding nodes are given, and what runs them, as commands.hpp says. Their command
// line is app/discovery_commands.cpp.
#pragma once

#include "app/commands/commands.hpp"

namespace warren::app {

struct FindOptions : CommonOptions {
  std::vector<std::string> targets;
  bool afresh = false;
  double timeout_seconds = 60;
};

// Of all that ask a DHT.
struct DhtOptions : CommonOptions {
  std::string dht;  // empty: the network's own, or all of them
  double timeout_seconds = 60;
};

struct DhtPutOptions : DhtOptions {
  std::string key;
  std::string file;  // empty: standard input
};

struct DhtGetOptions : DhtOptions {
  std::string key;
};

struct DhtContentOptions : DhtOptions {
  std::string content;              // a CID or a multihash; empty: `text` says it
  std::optional<std::string> text;  // whose sha2-256 it is
  unsigned count = 20;              // providers that are enough
};

struct BootstrapChangeOptions : CommonOptions {
  std::string address;
};

struct BootstrapZoneOptions : CommonOptions {
  std::string domain;
  std::vector<std::string> addresses;  // instead of those of the running daemon
};

ExitStatus run_find(const FindOptions& options);

ExitStatus run_dht_put(const DhtPutOptions& options);
ExitStatus run_dht_get(const DhtGetOptions& options);
ExitStatus run_dht_provide(const DhtContentOptions& options);
ExitStatus run_dht_providers(const DhtContentOptions& options);
ExitStatus run_dht_stats(const DhtOptions& options);

ExitStatus run_bootstrap_add(const BootstrapChangeOptions& options);
ExitStatus run_bootstrap_rm(const BootstrapChangeOptions& options);
ExitStatus run_bootstrap_ls(const CommonOptions& options);
ExitStatus run_bootstrap_zone(const BootstrapZoneOptions& options);

}  // namespace warren::app
