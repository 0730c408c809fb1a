// Certificates for tests, made when the test runs: nothing that is a key is kept in the repository.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

struct evp_pkey_st;
struct x509_st;

namespace ringway {

// The PEM files of a certificate.
struct TestCertificate {
  std::string certificate_file;
  std::string key_file;
};

// A folder that is removed with what is in it.
class TestFolder {
 public:
  TestFolder();
  ~TestFolder();
  TestFolder(const TestFolder&) = delete;
  TestFolder& operator=(const TestFolder&) = delete;
  std::string File(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

// A CA with a self-signed certificate.
class TestCa {
 public:
  // Its files, and those that it issues, are in `folder` and begin with `name`.
  TestCa(const TestFolder& folder, std::string name);
  ~TestCa();

  const std::string& ca_file() const { return files_.certificate_file; }
  // A certificate for these subject alternative names, in OpenSSL's form: "DNS:localhost",
  // "IP:127.0.0.1". It is valid from `from_s` to `to_s`, in seconds from now.
  TestCertificate Issue(const std::string& name, const std::string& alternative_names,
                        int64_t from_s = -3600, int64_t to_s = 3600) const;

 private:
  const TestFolder& folder_;
  const std::string name_;
  TestCertificate files_;
  evp_pkey_st* key_ = nullptr;
  x509_st* certificate_ = nullptr;
};

}  // namespace ringway
