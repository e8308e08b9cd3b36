#include "news.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <sys/inotify.h>
#include <sys/poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include "documents.hpp"

namespace parley::store_file {

namespace {

constexpr uint32_t kWanted = IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_CREATE |
                             IN_ATTRIB | IN_ONLYDIR | IN_DELETE_SELF | IN_MOVE_SELF;

// 0: there is none.
uint64_t inode_of(const Folder& folder) {
    struct stat found {};

    return ::stat(folder.root().c_str(), &found) == 0 ? found.st_ino : 0;
}

}  // namespace

bool News::open(const Folder& folder, std::string& why_not) {
    folders_.clear();
    is_deaf_ = false;
    inode_ = inode_of(folder);
    queue_ = Descriptor(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
    if (queue_.is_open() && listen(folder, "")) return true;
    why_not = system_failure(errno, "cannot be listened to", folder.root()).message;
    queue_ = Descriptor();
    return false;
}

bool News::listen(const Folder& folder, const std::string& below) {
    bool all = true;
    for_each_folder(folder, below, [&](const std::string& inner) {
        const std::string full = inner.empty() ? folder.root() : folder.path(inner);
        const int number = ::inotify_add_watch(queue_.get(), full.c_str(), kWanted);
        if (number >= 0) {
            folders_[number] = inner;
        } else if (errno != ENOENT) {
            all = false;
        }
    });
    return all;
}

bool News::wait(int timeout_ms) const {
    pollfd queue{queue_.get(), POLLIN, 0};
    return ::poll(&queue, 1, timeout_ms) > 0;
}

bool News::is_elsewhere(const Folder& folder) const {
    const uint64_t inode = inode_of(folder);
    return inode != 0 && inode != inode_;
}

void News::read(const Folder& folder, Heard& heard) {
    if (is_elsewhere(folder)) {
        std::string why_not;
        open(folder, why_not);
        heard.everything = heard.is_elsewhere = true;
    }
    heard.everything = heard.everything || !is_open();
    if (!queue_.is_open()) return;
    alignas(inotify_event) std::array<char, 16 * 1024> room{};
    for (;;) {
        const ssize_t count = ::read(queue_.get(), room.data(), room.size());
        if (count <= 0) break;
        for (const char* at = room.data(); at < room.data() + count;) {
            inotify_event event{};
            std::memcpy(&event, at, sizeof(event));
            const std::string name = event.len == 0 ? "" : at + sizeof(event);
            at += sizeof(event) + event.len;
            const auto where = folders_.find(event.wd);
            const bool is_folder = (event.mask & IN_ISDIR) != 0;
            const bool came = (event.mask & (IN_CREATE | IN_MOVED_TO)) != 0;
            if ((event.mask & IN_IGNORED) != 0) {
                folders_.erase(event.wd);
            } else if (where == folders_.end() || name.empty()) {
                heard.everything = true;  // an overflow, or a folder that went
            } else if (!is_folder) {
                heard.files.insert(where->second.empty() ? name : where->second + '/' + name);
            } else if (came && name[0] != '.') {
                const std::string below = where->second.empty() ? name : where->second + '/' + name;
                if (!sdk::prefix_of_folder(below)) continue;
                heard.folders.insert(below);
                if (listen(folder, below)) continue;
                is_deaf_ = true;  // no room for more: from here on all is compared
            } else if ((event.mask & IN_MOVED_FROM) != 0) {
                heard.everything = true;
            }
        }
    }
    heard.everything = heard.everything || is_deaf_;
}

}  // namespace parley::store_file
