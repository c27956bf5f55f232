// For tests of TLS as on the web: an authority and certificates of servers, made for the moment, in files.
#pragma once

#include <openssl/pem.h>
#include <unistd.h>

#include <filesystem>

#include "warren/base/time.hpp"
#include "warren/security/tls/openssl.hpp"
#include "warren/security/tls/web.hpp"

namespace warren::tls::test {

// A folder of its own, which goes with the object.
class TestFolder {
 public:
  TestFolder() {
    std::string path = (std::filesystem::temp_directory_path() / "warren-web-XXXXXX").string();
    WARREN_ASSERT(mkdtemp(path.data()) != nullptr);
    path_ = path;
  }
  ~TestFolder() { std::filesystem::remove_all(path_); }
  TestFolder(const TestFolder&) = delete;
  TestFolder& operator=(const TestFolder&) = delete;

  std::filesystem::path operator/(const std::string& name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

struct WebRecipe {
  std::string names = "IP:127.0.0.1,DNS:node.example";  // subjectAltName, as OpenSSL's configuration has it
  WallTime not_before{};
  WallTime not_after{};
};

class TestAuthority {
 public:
  // Certificates are valid around `now` unless a recipe says otherwise.
  explicit TestAuthority(WallTime now, std::string name = "authority") : now_(now), name_(std::move(name)) {
    certificate_ = make(key_.get(), {{NID_basic_constraints, "critical,CA:TRUE"}}, {});
    write_certificate(folder_ / "authority.pem", certificate_.get());
  }

  std::filesystem::path file() const { return folder_ / "authority.pem"; }

  // The files of a server's new certificate; the same name replaces them.
  CertificateFiles issue(const std::string& name, const WebRecipe& recipe = {}) const {
    const openssl::Key key(EVP_EC_gen("P-256"));
    const auto certificate = make(key.get(), {{NID_subject_alt_name, recipe.names}}, recipe);
    CertificateFiles files{folder_ / (name + ".pem"), folder_ / (name + ".key")};
    write_certificate(files.chain, certificate.get());
    const openssl::Bio out(BIO_new_file(files.key.c_str(), "w"));
    PEM_write_bio_PrivateKey(out.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr);
    return files;
  }

 private:
  static void write_certificate(const std::filesystem::path& path, X509* certificate) {
    const openssl::Bio out(BIO_new_file(path.c_str(), "w"));
    PEM_write_bio_X509(out.get(), certificate);
  }

  openssl::X509Certificate make(EVP_PKEY* key, const std::vector<std::pair<int, std::string>>& extensions,
                                const WebRecipe& recipe) const {
    const WallTime unset{};
    const WallTime not_before = recipe.not_before == unset ? now_ - std::chrono::hours(1) : recipe.not_before;
    const WallTime not_after = recipe.not_after == unset ? now_ + std::chrono::hours(24) : recipe.not_after;
    openssl::X509Certificate certificate(X509_new());
    X509* raw = certificate.get();
    X509_set_version(raw, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(raw), certificate_ ? 2 : 1);
    ASN1_TIME_set(X509_getm_notBefore(raw), unix_ms(not_before) / 1000);
    ASN1_TIME_set(X509_getm_notAfter(raw), unix_ms(not_after) / 1000);
    set_name(X509_get_subject_name(raw), certificate_ ? "server" : name_.c_str());
    set_name(X509_get_issuer_name(raw), name_.c_str());
    X509_set_pubkey(raw, key);
    for (const auto& [id, text] : extensions) {
      const openssl::X509Extension extension(X509V3_EXT_conf_nid(nullptr, nullptr, id, text.c_str()));
      WARREN_ASSERT(extension);
      X509_add_ext(raw, extension.get(), -1);
    }
    const bool done = X509_sign(raw, key_.get(), EVP_sha256()) > 0;
    WARREN_ASSERT(done);
    return certificate;
  }

  static void set_name(X509_NAME* name, const char* text) {
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>(text), -1, -1,
                               0);
  }

  TestFolder folder_;
  WallTime now_;
  std::string name_;
  openssl::Key key_{EVP_EC_gen("P-256")};
  openssl::X509Certificate certificate_;
};

}  // namespace warren::tls::test
