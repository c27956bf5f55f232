#include "warren/crypto/key_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "warren/base/file.hpp"
#include "warren/crypto/pem.hpp"

namespace warren {
namespace {

namespace fs = std::filesystem;

fs::path temporary_beside(const fs::path& path, const RandomFill& random) {
  std::array<std::uint8_t, 8> suffix;
  random(suffix);
  fs::path temporary = path;
  return temporary += ".new-" + to_hex(suffix);
}

bool write_temporary(const fs::path& temporary, BytesView contents) {
  const File file(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW);
  return file.is_open() && file.write_all(contents) && file.sync();
}

bool signs(const PrivateKey& key) {
  const BytesView message = as_bytes("warren self-test");
  return key.public_key().verify(message, key.sign(message));
}

}  // namespace

Result<> save_key_file(const fs::path& path, const PrivateKey& key, std::string_view passphrase,
                       const RandomFill& random) {
  const SecretBytes pem = private_key_to_pem(key, passphrase, random);
  const fs::path temporary = temporary_beside(path, random);
  const bool written = write_temporary(temporary, pem.view());
  // A link, because renaming would replace a file that appeared meanwhile: a lost key is a lost identity.
  const bool linked = written && ::link(temporary.c_str(), path.c_str()) == 0;
  const bool exists = written && !linked && errno == EEXIST;
  ::unlink(temporary.c_str());
  if (exists) return fail(Errc::kExists);
  if (!linked) return fail(Errc::kIo);
  if (!sync_folder_of(path)) return fail(Errc::kIo);
  return {};
}

Result<PrivateKey> load_key_file(const fs::path& path, std::string_view passphrase) {
  const File file(path, O_RDONLY | O_NONBLOCK);  // a pipe would keep us waiting
  if (!file.is_open()) return fail(errno == ENOENT ? Errc::kNotFound : Errc::kIo);
  struct stat status{};
  if (::fstat(file.descriptor(), &status) != 0 || !S_ISREG(status.st_mode)) return fail(Errc::kIo);
  if (status.st_size > static_cast<off_t>(kPemSizeMax)) return fail(Errc::kTooLarge);
  SecretBytes pem(static_cast<std::size_t>(status.st_size));
  if (!file.read_all(pem.writable())) return fail(Errc::kIo);
  auto key = private_key_from_pem(as_text(pem.view()), passphrase);
  if (key && !signs(*key)) return fail(Errc::kBadKey);
  return key;
}

bool key_file_is_exposed(const fs::path& path) {
  struct stat status{};
  return ::stat(path.c_str(), &status) == 0 && (status.st_mode & (S_IRWXG | S_IRWXO)) != 0;
}

}  // namespace warren
