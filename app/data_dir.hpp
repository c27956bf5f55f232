// The folder that holds one node: its keys, its configuration, its databases (inbox.db, bindings.db) and the
// socket of its daemon.
#pragma once

#include <filesystem>
#include <string>

#include "app/exit_status.hpp"

namespace warren::app {

class DataDir {
 public:
  // `option`, as given with --data-dir; when empty $WARREN_DATA_DIR, then ~/.local/share/warren. Throws
  // Failure when there is no home.
  static DataDir choose(const std::string& option);

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path node_key() const { return path_ / "node.key"; }  // SM2, PKCS#8 PEM
  std::filesystem::path peer_key() const {
    return path_ / "peer.key";
  }  // Ed25519 or another, PKCS#8 PEM; not in mode "sm2"
  std::filesystem::path swarm_key() const { return path_ / "swarm.key"; }  // of a private network
  std::filesystem::path config() const { return path_ / "warren.toml"; }
  std::filesystem::path access() const { return path_ / "access.list"; }        // of allow and deny
  std::filesystem::path bootstrap() const { return path_ / "bootstrap.list"; }  // of bootstrap add
  std::filesystem::path lock() const { return path_ / "warren.lock"; }          // held by the running daemon
  std::filesystem::path control_socket() const { return path_ / "control.sock"; }

  // Throws Failure with this status, which says what to do, unless `warren init` has been here.
  void require_initialized(ExitStatus otherwise) const;

  // Makes the folder, readable by its owner only. Throws Failure when it has something in it already.
  void create() const;

  // The command that the user should type next, with --data-dir where this is not the default one.
  std::string command(const std::string& words) const;

  // The socket as gRPC names it. Paths over the 107 bytes that the kernel takes are reached through a
  // descriptor, which stays open until the program ends.
  std::string control_address() const;

 private:
  DataDir(std::filesystem::path path, bool is_default) : path_(std::move(path)), is_default_(is_default) {}

  std::filesystem::path path_;
  bool is_default_;
};

}  // namespace warren::app
