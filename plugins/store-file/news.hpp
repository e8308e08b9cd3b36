// news.hpp: hears from the kernel which files somebody has touched.
#pragma once

#include <map>
#include <set>
#include <string>

#include "folder.hpp"

namespace parley::store_file {

// What was heard. With `everything` anything may have changed.
struct Heard {
    std::set<std::string> files;
    std::set<std::string> folders;  // new ones: look at all that is in them
    bool everything = false;
    bool is_elsewhere = false;  // another folder is in the place of the one that was followed
};

class News {
public:
    // False, with the reason, when the kernel has no room for it; then nothing is heard.
    bool open(const Folder& folder, std::string& why_not);

    bool is_open() const { return queue_.is_open() && !is_deaf_; }

    // Whether anything is there to be read, now or within that time.
    bool wait(int timeout_ms) const;
    // Whether another folder has come in the place of the one that is listened to.
    bool is_elsewhere(const Folder& folder) const;
    // Adds what has come. Folders that came are listened to from here on.
    void read(const Folder& folder, Heard& heard);

private:
    bool listen(const Folder& folder, const std::string& below);

    Descriptor queue_;
    bool is_deaf_ = false;  // some folders are not listened to
    std::map<int, std::string> folders_;
    uint64_t inode_ = 0;  // of the folder that is listened to
};

}  // namespace parley::store_file
