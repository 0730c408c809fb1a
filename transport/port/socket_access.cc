// Implements socket_access.h: writes a socket file's access list and checks its folders.
#include "transport/port/socket_access.h"

#include <grp.h>
#include <linux/posix_acl.h>
#include <linux/posix_acl_xattr.h>
#include <pwd.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace ringway {
namespace {

constexpr unsigned int kMayConnect = ACL_READ | ACL_WRITE;

// The extended attribute "system.posix_acl_access": a header, then entries in order of tag and id.
int WriteAccessList(const std::string& path, const struct stat& info,
                    const std::vector<uid_t>& users) {
  std::vector<std::byte> list(sizeof(posix_acl_xattr_header));
  const posix_acl_xattr_header header{.a_version = POSIX_ACL_XATTR_VERSION};
  std::memcpy(list.data(), &header, sizeof(header));
  const auto add = [&list](int tag, unsigned int rights, uint32_t id) {
    const posix_acl_xattr_entry entry{
        .e_tag = static_cast<uint16_t>(tag), .e_perm = static_cast<uint16_t>(rights), .e_id = id};
    const auto* const bytes = reinterpret_cast<const std::byte*>(&entry);
    list.insert(list.end(), bytes, bytes + sizeof(entry));
  };
  constexpr auto kNobody = static_cast<uint32_t>(ACL_UNDEFINED_ID);
  add(ACL_USER_OBJ, info.st_mode >> 6 & 7, kNobody);
  for (const uid_t user : users) add(ACL_USER, kMayConnect, user);
  add(ACL_GROUP_OBJ, info.st_mode >> 3 & 7, kNobody);
  add(ACL_MASK, kMayConnect | (info.st_mode >> 3 & 7), kNobody);
  add(ACL_OTHER, info.st_mode & 7, kNobody);
  return setxattr(path.c_str(), "system.posix_acl_access", list.data(), list.size(), 0) == 0
             ? 0
             : errno;
}

// All groups of a user; empty for an unknown user.
std::vector<gid_t> GroupsOf(uid_t user) {
  std::array<char, 16384> text;
  passwd entry{};
  passwd* found = nullptr;
  if (getpwuid_r(user, &entry, text.data(), text.size(), &found) != 0 || found == nullptr)
    return {};
  std::vector<gid_t> groups(1024);
  int count = static_cast<int>(groups.size());
  if (getgrouplist(found->pw_name, found->pw_gid, groups.data(), &count) < 0)
    return {found->pw_gid};
  groups.resize(static_cast<std::size_t>(count));
  return groups;
}

bool MayEnter(const struct stat& folder, uid_t user, const std::vector<gid_t>& groups) {
  if (folder.st_uid == user) return (folder.st_mode & S_IXUSR) != 0;
  if (std::find(groups.begin(), groups.end(), folder.st_gid) != groups.end())
    return (folder.st_mode & S_IXGRP) != 0;
  return (folder.st_mode & S_IXOTH) != 0;
}

// The first folder above `path` that this user cannot enter; empty: none.
std::string ClosedFolder(const std::string& path, uid_t user) {
  const std::vector<gid_t> groups = GroupsOf(user);
  for (std::size_t slash = path.find('/'); slash != std::string::npos;
       slash = path.find('/', slash + 1)) {
    const std::string folder = slash == 0 ? "/" : path.substr(0, slash);
    struct stat info {};
    if (stat(folder.c_str(), &info) != 0) continue;
    // With an access list the mode's group bits are its mask, so the mode does not tell.
    if (getxattr(folder.c_str(), "system.posix_acl_access", nullptr, 0) > 0) continue;
    if (!MayEnter(info, user, groups)) return folder;
  }
  return "";
}

}  // namespace

std::vector<std::string> GrantSocketAccess(const std::string& path, std::span<const uid_t> users) {
  std::vector<std::string> troubles;
  struct stat info {};
  if (stat(path.c_str(), &info) != 0) return troubles;
  std::vector<uid_t> others;
  for (const uid_t user : users) {
    if (user != 0 && user != info.st_uid) others.push_back(user);
  }
  std::sort(others.begin(), others.end());
  others.erase(std::unique(others.begin(), others.end()), others.end());
  if (others.empty()) return troubles;
  if ((info.st_mode & S_IWOTH) == 0) {
    if (const int error = WriteAccessList(path, info, others); error != 0) {
      for (const uid_t user : others) {
        const std::vector<gid_t> groups = GroupsOf(user);
        const bool in_group = (info.st_mode & S_IWGRP) != 0 &&
                              std::find(groups.begin(), groups.end(), info.st_gid) != groups.end();
        if (in_group) continue;
        troubles.push_back(absl::StrCat("user ", user, " is allowed, but may not write to ", path,
                                        ", and its access list "
                                        "cannot be set (",
                                        absl::ErrnoToStatus(error, "").message(),
                                        "): add the user to group ", info.st_gid,
                                        ", or put the socket on a file system with "
                                        "access lists, such as /run"));
      }
    }
  }
  for (const uid_t user : others) {
    const std::string folder = ClosedFolder(path, user);
    if (folder.empty()) continue;
    troubles.push_back(absl::StrCat("user ", user, " is allowed, but may not enter ", folder,
                                    ": add the user to the folder's group, or let others enter "
                                    "(chmod o+x ",
                                    folder, ")"));
  }
  return troubles;
}

}  // namespace ringway
