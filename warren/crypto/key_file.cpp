#include "warren/crypto/key_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "warren/crypto/pem.hpp"

namespace warren {
namespace {

namespace fs = std::filesystem;

class File {
 public:
  File(const fs::path& path, int flags) : fd_(::open(path.c_str(), flags | O_CLOEXEC, S_IRUSR | S_IWUSR)) {}
  ~File() {
    if (fd_ >= 0) ::close(fd_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  bool is_open() const { return fd_ >= 0; }
  int fd() const { return fd_; }
  bool sync() const { return ::fsync(fd_) == 0; }

  bool write_all(BytesView bytes) const {
    while (!bytes.empty()) {
      const ssize_t written = ::write(fd_, bytes.data(), bytes.size());
      if (written < 0 && errno == EINTR) continue;
      if (written <= 0) return false;
      bytes = bytes.subspan(static_cast<std::size_t>(written));
    }
    return true;
  }

  bool read_all(MutableBytes bytes) const {
    while (!bytes.empty()) {
      const ssize_t got = ::read(fd_, bytes.data(), bytes.size());
      if (got < 0 && errno == EINTR) continue;
      if (got <= 0) return false;
      bytes = bytes.subspan(static_cast<std::size_t>(got));
    }
    return true;
  }

 private:
  int fd_;
};

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
  const File folder(path.has_parent_path() ? path.parent_path() : fs::path("."), O_RDONLY | O_DIRECTORY);
  if (!folder.is_open() || !folder.sync()) return fail(Errc::kIo);
  return {};
}

Result<PrivateKey> load_key_file(const fs::path& path, std::string_view passphrase) {
  const File file(path, O_RDONLY | O_NONBLOCK);  // a pipe would keep us waiting
  if (!file.is_open()) return fail(errno == ENOENT ? Errc::kNotFound : Errc::kIo);
  struct stat status{};
  if (::fstat(file.fd(), &status) != 0 || !S_ISREG(status.st_mode)) return fail(Errc::kIo);
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
