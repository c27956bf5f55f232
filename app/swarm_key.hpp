// The pre-shared key of a private network, as the file swarm.key in the node's folder.
#pragma once

#include <filesystem>
#include <optional>

#include "app/data_dir.hpp"
#include "warren/security/pnet/key_file.hpp"

namespace warren::app {

// Reads a key file of the user's. Throws Failure when it is none.
pnet::PreSharedKey read_swarm_key(const std::filesystem::path& file);

// Puts the key into the folder, readable by its owner only. Throws Failure.
void save_swarm_key(const DataDir& dir, const pnet::PreSharedKey& key);

// The folder's key; nothing where the network is open. Throws Failure when it is damaged: a node that was
// meant to be private never starts in the open.
std::optional<pnet::PreSharedKey> load_swarm_key(const DataDir& dir);

}  // namespace warren::app
