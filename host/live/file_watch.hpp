// live/file_watch.hpp: tells when one of some files has become another: written in place, replaced,
// made, removed, or reached by a link that points elsewhere. Linux tells of folders; whether what
// happened there concerns the files is seen by looking at them. [control]
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/asio/posix/stream_descriptor.hpp>

#include "http/deadline.hpp"
#include "http/loop.hpp"

namespace parley::live {

// How long it waits, since files are seldom written at once.
struct Patience {
    std::uint64_t quiet_ms = 0;  // since the last that happened
    std::uint64_t most_ms = 0;   // since the first, however busy it is
};

class FileWatch {
public:
    using Changed = std::function<void()>;

    FileWatch(http::Loop& loop, Changed changed);
    FileWatch(const FileWatch&) = delete;
    FileWatch& operator=(const FileWatch&) = delete;
    ~FileWatch() = default;

    // From now on these files, and the folders among them with all that is in them. Those that are
    // not there yet are waited for in their folder. What was watched before goes on as it was last
    // seen, so that nothing is missed that happens meanwhile.
    void watch(const std::vector<std::string>& paths, Patience patience);

    // Tells also of files that have changed since then, by the wall's clock: who read them before
    // they were watched may have come too early.
    void tell_since(std::int64_t wall_ms);

    // Nothing has become another since it was told: who has read the files meanwhile has read them
    // as they are, and not half of them.
    bool still_holds();

    // Why nothing is told; empty when all is well.
    const std::string& fault() const { return fault_; }

private:
    // What can be seen of a file without reading it.
    using Look = std::map<std::string, std::string>;
    // The names that matter in each folder, by its watch; "" stands for all.
    using Watches = std::map<int, std::set<std::string>>;

    void listen();
    bool hear(std::string_view events);
    void hear_all();
    void something_happened();
    void look_again();
    void watch_folders();
    void watch_way_to(const std::string& path, Watches& watches);
    void watch_folder(const std::string& folder, const std::string& name, Watches& watches);
    Look look() const;

    http::Loop& loop_;
    Changed changed_;
    std::string fault_;
    boost::asio::posix::stream_descriptor events_;
    alignas(8) std::array<char, 4096> buffer_;
    std::vector<std::string> paths_;
    Patience patience_;
    Watches watches_;
    std::set<std::pair<int, std::string>> being_written_;  // by folder and name
    Look seen_;
    std::uint64_t first_ms_ = 0;  // when what is waited for began; 0: nothing is
    http::Deadline quiet_;
};

}  // namespace parley::live
