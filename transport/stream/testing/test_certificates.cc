// Makes certificates with elliptic-curve keys by OpenSSL.
#include "transport/stream/testing/test_certificates.h"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <utility>

namespace ringway {
namespace {

void Require(bool holds) {
  if (!holds) abort();
}

template <class F>
void WriteFile(const std::string& path, F&& write) {
  FILE* file = fopen(path.c_str(), "w");
  Require(file != nullptr);
  write(file);
  Require(fclose(file) == 0);
}

TestCertificate Save(const TestFolder& folder, const std::string& name, EVP_PKEY* key,
                     X509* certificate) {
  TestCertificate files{folder.File(name + ".pem"), folder.File(name + ".key")};
  WriteFile(files.certificate_file,
            [&](FILE* file) { Require(PEM_write_X509(file, certificate) == 1); });
  WriteFile(files.key_file, [&](FILE* file) {
    Require(PEM_write_PrivateKey(file, key, nullptr, nullptr, 0, nullptr, nullptr) == 1);
  });
  return files;
}

void AddExtension(X509* certificate, X509* issuer, int id, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, id, value.c_str());
  Require(extension != nullptr && X509_add_ext(certificate, extension, -1) == 1);
  X509_EXTENSION_free(extension);
}

X509* MakeCertificate(const std::string& name, EVP_PKEY* key, X509* issuer, int64_t from_s,
                      int64_t to_s) {
  static long serial = 0;
  X509* certificate = X509_new();
  Require(certificate != nullptr && X509_set_version(certificate, 2) == 1);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), ++serial);
  X509_gmtime_adj(X509_getm_notBefore(certificate), from_s);
  X509_gmtime_adj(X509_getm_notAfter(certificate), to_s);
  X509_set_pubkey(certificate, key);
  X509_NAME* subject = X509_get_subject_name(certificate);
  X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
  X509_set_issuer_name(certificate, issuer == nullptr ? subject : X509_get_subject_name(issuer));
  return certificate;
}

}  // namespace

TestFolder::TestFolder() {
  const char* base = getenv("TEST_TMPDIR");
  std::string path = std::string(base == nullptr ? "/tmp" : base) + "/certificates.XXXXXX";
  Require(mkdtemp(path.data()) != nullptr);
  path_ = path;
}
TestFolder::~TestFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

TestCa::TestCa(const TestFolder& folder, std::string name)
    : folder_(folder), name_(std::move(name)), key_(EVP_EC_gen("P-256")) {
  Require(key_ != nullptr);
  certificate_ = MakeCertificate(name_, key_, nullptr, -3600, 3600);
  AddExtension(certificate_, certificate_, NID_basic_constraints, "critical,CA:TRUE");
  AddExtension(certificate_, certificate_, NID_key_usage, "critical,keyCertSign,cRLSign");
  AddExtension(certificate_, certificate_, NID_subject_key_identifier, "hash");
  Require(X509_sign(certificate_, key_, EVP_sha256()) != 0);
  files_ = Save(folder_, name_, key_, certificate_);
}

TestCa::~TestCa() {
  X509_free(certificate_);
  EVP_PKEY_free(key_);
}

TestCertificate TestCa::Issue(const std::string& name, const std::string& alternative_names,
                              int64_t from_s, int64_t to_s) const {
  EVP_PKEY* key = EVP_EC_gen("P-256");
  Require(key != nullptr);
  X509* certificate = MakeCertificate(name, key, certificate_, from_s, to_s);
  AddExtension(certificate, certificate_, NID_basic_constraints, "critical,CA:FALSE");
  AddExtension(certificate, certificate_, NID_authority_key_identifier, "keyid:always");
  AddExtension(certificate, certificate_, NID_subject_alt_name, alternative_names);
  Require(X509_sign(certificate, key_, EVP_sha256()) != 0);
  const TestCertificate files = Save(folder_, name_ + "-" + name, key, certificate);
  X509_free(certificate);
  EVP_PKEY_free(key);
  return files;
}

}  // namespace ringway
