// What each command is given, and what runs it. The command line that fills these in is app/command_line.cpp.
// Every command throws Failure when it did not do what was asked for.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "app/exit_status.hpp"

namespace CLI {
class App;
}

namespace warren::app {

// Of every command.
struct CommonOptions {
  std::string data_dir;  // empty: DataDir::choose decides
  bool json = false;
};

struct InitOptions : CommonOptions {
  std::string network = "main";
  std::string identity = "bound";  // or "sm2"
  std::string profile = "home";    // or "server", "lan"
  std::string psk_file;            // of a private network; empty: the network is open
};

struct UpOptions : CommonOptions {
  std::vector<std::string> listen;     // instead of those of warren.toml
  std::vector<std::string> bootstrap;  // in addition to them
  std::vector<std::string> relays;     // in addition to them
  std::string profile;                 // empty: as warren.toml says
  std::string log_level;               // empty: as warren.toml says
  std::string metrics;                 // address; empty: as warren.toml says
  std::string qlog_dir;                // empty: nothing is written
};

struct PeersOptions : CommonOptions {
  std::string sort;  // "latency", "name" or "time"; empty: as the daemon has them
};

// Which paths are good enough; at most one of them.
struct PathOptions {
  bool prefer_direct = false;
  bool direct_only = false;
};

struct ConnectOptions : CommonOptions, PathOptions {
  std::string target;
  double timeout_seconds = 30;
  bool direct = false;   // a relayed path is not enough
  bool verbose = false;  // tell of each attempt
};

struct PingOptions : CommonOptions, PathOptions {
  std::string target;
  std::uint32_t count = 4;  // 0: without end
  double interval_seconds = 1;
  bool direct = false;
  bool until_direct = false;    // end with the first reply that came directly
  double timeout_seconds = 30;  // of until_direct
};

struct WhyOptions : CommonOptions {
  std::string target;
};

struct BenchOptions : CommonOptions {
  std::string target;
  std::optional<std::string> download;  // byte counts
  std::optional<std::string> upload;
  std::optional<double> seconds;  // of each direction
  unsigned streams = 1;
};

// A payload: the text, the file, or standard input.
struct PayloadOptions {
  std::optional<std::string> text;
  std::string file;
};

struct SendOptions : CommonOptions, PayloadOptions, PathOptions {
  std::string target;
  double timeout_seconds = 90;
};

struct InboxOptions : CommonOptions {
  bool follow = false;
  std::uint64_t after = 0;
};

struct ServeOptions : CommonOptions {
  std::string name;
  std::string command;
  double time_limit_seconds = 30;
  std::size_t size_limit = 16 * 1024 * 1024;
  unsigned jobs = 4;
};

struct RequestOptions : CommonOptions, PayloadOptions, PathOptions {
  std::string target;
  std::string service;
  double timeout_seconds = 0;  // 0: as the daemon's warren.toml says
};

struct AccessOptions : CommonOptions {
  std::string subject;
  bool remove = false;  // takes it off the list
};

struct EventsOptions : CommonOptions {
  bool follow = false;
};

struct CompletionOptions : CommonOptions {
  std::string shell;                  // "bash", "zsh" or "fish"
  const CLI::App* program = nullptr;  // whose words they are
};

ExitStatus run_init(const InitOptions& options);
ExitStatus run_up(const UpOptions& options);
ExitStatus run_id(const CommonOptions& options);
ExitStatus run_status(const CommonOptions& options);
ExitStatus run_peers(const PeersOptions& options);
ExitStatus run_connect(const ConnectOptions& options);
ExitStatus run_ping(const PingOptions& options);
ExitStatus run_why(const WhyOptions& options);
ExitStatus run_bench(const BenchOptions& options);
ExitStatus run_send(const SendOptions& options);
ExitStatus run_inbox(const InboxOptions& options);
ExitStatus run_serve(const ServeOptions& options);
ExitStatus run_request(const RequestOptions& options);
ExitStatus run_events(const EventsOptions& options);
ExitStatus run_limits(const CommonOptions& options);
ExitStatus run_metrics(const CommonOptions& options);
ExitStatus run_allow(const AccessOptions& options);
ExitStatus run_deny(const AccessOptions& options);
ExitStatus run_access(const CommonOptions& options);
ExitStatus run_completion(const CompletionOptions& options);

}  // namespace warren::app
