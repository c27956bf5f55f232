// A private key in a file: PKCS#8 PEM, readable by its owner only, never overwritten.
#pragma once

#include <filesystem>

#include "warren/crypto/keys.hpp"

namespace warren {

// Writes the key to a file that does not exist yet (kExists), with mode 0600, encrypted when `passphrase` is
// not empty. The file appears whole or not at all, and is on the disk when this returns. kIo for everything
// else.
Result<> save_key_file(const std::filesystem::path& path, const PrivateKey& key, std::string_view passphrase,
                       const RandomFill& random);

// kNotFound; kIo; otherwise as private_key_from_pem. What was loaded has signed and verified something before
// it is returned.
Result<PrivateKey> load_key_file(const std::filesystem::path& path, std::string_view passphrase);

// Whether others than the owner may read the file, for a warning to the user.
bool key_file_is_exposed(const std::filesystem::path& path);

}  // namespace warren
