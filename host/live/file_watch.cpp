#include "live/file_watch.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

namespace parley::live {

namespace fs = std::filesystem;

namespace {

constexpr std::uint32_t kEvents = IN_CLOSE_WRITE | IN_MODIFY | IN_ATTRIB | IN_CREATE | IN_DELETE |
                                  IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE_SELF | IN_MOVE_SELF;

// A link to a link to a link: whoever needs more of them is going round in circles.
constexpr int kLinksMax = 16;

// Somebody who has a file open to write for longer may do so for ever.
constexpr std::uint64_t kWritingMs = 10'000;

std::string look_of(const std::string& path) {
    struct stat s {};

    if (::stat(path.c_str(), &s) != 0) return "absent";
    const auto text = [](auto number) { return std::to_string(number) + ' '; };
    return text(s.st_dev) + text(s.st_ino) + text(s.st_size) + text(s.st_mtim.tv_sec) +
           text(s.st_mtim.tv_nsec) + text(s.st_mode) + text(s.st_uid);
}

// The first on the way that is one; empty: none is.
fs::path first_link(const fs::path& at) {
    std::error_code fault;
    fs::path step;
    for (const fs::path& part : at) {
        step /= part;
        if (fs::is_symlink(step, fault)) return step;
    }
    return {};
}

}  // namespace

FileWatch::FileWatch(http::Loop& loop, Changed changed)
    : loop_(loop),
      changed_(std::move(changed)),
      events_(loop.io()),
      quiet_(
          loop.deadlines(), this, [](void* self) { static_cast<FileWatch*>(self)->look_again(); }) {
    const int descriptor = ::inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (descriptor < 0) {
        fault_ = std::strerror(errno);
        return;
    }
    events_.assign(descriptor);
    listen();
}

void FileWatch::watch(const std::vector<std::string>& paths, Patience patience) {
    paths_ = paths;
    patience_ = patience;
    watch_folders();
    Look now = look();
    for (auto& [file, as] : now) {
        if (const auto known = seen_.find(file); known != seen_.end()) as = known->second;
    }
    seen_ = std::move(now);
}

void FileWatch::tell_since(std::int64_t wall_ms) {
    for (auto& [file, as] : seen_) {
        struct stat s {};

        if (::stat(file.c_str(), &s) != 0) continue;
        if (s.st_ctim.tv_sec * 1000 + s.st_ctim.tv_nsec / 1'000'000 < wall_ms) continue;
        as.clear();
        something_happened();
    }
}

void FileWatch::listen() {
    events_.async_read_some(boost::asio::buffer(buffer_),
                            [this](const boost::system::error_code& fault, std::size_t size) {
                                if (fault) return;
                                loop_.wake();
                                if (hear({buffer_.data(), size})) something_happened();
                                listen();
                            });
}

// True when some of it matters. A file that somebody has open to write is not whole.
bool FileWatch::hear(std::string_view events) {
    bool matters = false;
    inotify_event event{};
    while (events.size() >= sizeof(event)) {
        std::memcpy(&event, events.data(), sizeof(event));
        const std::string name = event.len == 0 ? "" : events.data() + sizeof(event);
        events.remove_prefix(sizeof(event) + event.len);
        const auto watch = watches_.find(event.wd);
        const bool is_meant =
            name.empty() || (watch != watches_.end() &&
                             (watch->second.contains(name) || watch->second.contains("")));
        if (!is_meant) continue;
        matters = true;
        const std::pair<int, std::string> file{event.wd, name};
        if ((event.mask & IN_MODIFY) != 0) being_written_.insert(file);
        constexpr std::uint32_t kOver = IN_CLOSE_WRITE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO;
        if ((event.mask & kOver) != 0) being_written_.erase(file);
        if ((event.mask & IN_Q_OVERFLOW) != 0) being_written_.clear();
    }
    return matters;
}

// What the system has told already, though the loop has not come to it.
void FileWatch::hear_all() {
    if (!events_.is_open()) return;
    alignas(8) std::array<char, 4096> events;
    for (;;) {
        const ssize_t size = ::read(events_.native_handle(), events.data(), events.size());
        if (size <= 0) return;
        if (hear({events.data(), static_cast<std::size_t>(size)})) something_happened();
    }
}

bool FileWatch::still_holds() {
    hear_all();
    return being_written_.empty() && look() == seen_;
}

void FileWatch::something_happened() {
    const std::uint64_t now_ms = loop_.now_ms();
    if (first_ms_ == 0) first_ms_ = now_ms;
    const std::uint64_t end_ms = first_ms_ + patience_.most_ms;
    const std::uint64_t left_ms = end_ms > now_ms ? end_ms - now_ms : 1;
    quiet_.set(std::max<std::uint64_t>(1, std::min(patience_.quiet_ms, left_ms)));
}

void FileWatch::look_again() {
    hear_all();
    if (first_ms_ == 0) first_ms_ = loop_.now_ms();
    const bool waits = !being_written_.empty() && loop_.now_ms() < first_ms_ + kWritingMs;
    if (waits) return quiet_.set(patience_.quiet_ms);
    being_written_.clear();
    quiet_.clear();
    first_ms_ = 0;
    watch_folders();
    Look now = look();
    if (now == seen_) return;
    seen_ = std::move(now);
    changed_();
}

// Watches stay where they are still wanted: what happens between two looks is not missed.
void FileWatch::watch_folders() {
    if (!events_.is_open()) return;
    Watches watches;
    fault_.clear();
    for (const std::string& path : paths_) watch_way_to(path, watches);
    for (const auto& [old, names] : watches_) {
        if (!watches.contains(old)) ::inotify_rm_watch(events_.native_handle(), old);
    }
    watches_ = std::move(watches);
}

// The folder of the file, and of every link on the way: each may be turned elsewhere.
void FileWatch::watch_way_to(const std::string& path, Watches& watches) {
    std::error_code fault;
    fs::path at = fs::absolute(path, fault);
    for (int links = 0; links < kLinksMax; ++links) {
        watch_folder(at.parent_path().string(), at.filename().string(), watches);
        if (fs::is_directory(at, fault)) watch_folder(at.string(), "", watches);
        const fs::path link = first_link(at);
        if (link.empty()) return;
        watch_folder(link.parent_path().string(), link.filename().string(), watches);
        const fs::path rest = at.lexically_relative(link);
        at = (link.parent_path() / fs::read_symlink(link, fault)).lexically_normal();
        if (rest != ".") at /= rest;
    }
}

void FileWatch::watch_folder(const std::string& folder, const std::string& name, Watches& watches) {
    const int watch = ::inotify_add_watch(events_.native_handle(), folder.c_str(), kEvents);
    if (watch >= 0) {
        watches[watch].insert(name);
    } else if (errno != ENOENT && errno != ENOTDIR) {
        fault_ = folder + ": " + std::strerror(errno);
    }
}

FileWatch::Look FileWatch::look() const {
    Look look;
    for (const std::string& path : paths_) {
        look[path] = look_of(path);
        std::error_code fault;
        if (!fs::is_directory(path, fault)) continue;
        for (const auto& entry : fs::directory_iterator(path, fault)) {
            const std::string inside = entry.path().string();
            look[inside] = look_of(inside);
        }
    }
    return look;
}

}  // namespace parley::live
