#include "check/child.hpp"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <poll.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "plugins/text.hpp"

namespace parley::check {

namespace {

constexpr std::size_t kTextBytesMax = 16 * 1024;
constexpr std::size_t kPlaceBytesMax = 512;
constexpr std::size_t kPrintedBytesMax = 4096;
constexpr int kTextsMax = 5;  // what follows from one fault is not worth reading

// A descriptor that is closed.
class File {
public:
    explicit File(int fd) : fd_(fd) {}

    File(const File&) = delete;
    File& operator=(const File&) = delete;

    ~File() {
        if (fd_ >= 0) ::close(fd_);
    }

    int get() const { return fd_; }

private:
    int fd_;
};

std::string signal_name(int number) {
    const char* const name = ::sigabbrev_np(number);
    return name == nullptr ? "signal " + std::to_string(number) : "SIG" + std::string(name);
}

std::string read_printed(int file) {
    std::string text(kPrintedBytesMax, '\0');
    const ssize_t got = ::pread(file, text.data(), text.size(), 0);
    text.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
    return text;
}

// What a sanitizer said on its way out: its first sentence.
std::string sanitizer_words(const std::string& printed) {
    for (const std::string_view mark : {"ERROR: ", "runtime error: "}) {
        const std::size_t at = printed.find(mark);
        if (at == printed.npos) continue;
        const std::size_t begin = at + mark.size();
        return "; " + plugins::printable(
                          printed.substr(begin, printed.find_first_of("\n(", begin) - begin), 160);
    }
    return {};
}

std::string in_place(const Slate& slate) {
    return slate.place().empty() ? std::string() : " in " + slate.place();
}

[[noreturn]] void work_in_child(const std::function<void(Slate&)>& work,
                                Slate& slate,
                                int printed) {
    ::dup2(printed, STDOUT_FILENO);
    ::dup2(printed, STDERR_FILENO);
    const rlimit no_core{0, 0};
    ::setrlimit(RLIMIT_CORE, &no_core);
    work(slate);
    slate.finish();
    ::_exit(0);
}

// Waits for the child's end, and brings it about when the time is up.
bool ended_in_time(pid_t child, std::chrono::milliseconds time_max, int& status) {
    // glibc 2.36 declares pidfd_open for C alone.
    const File handle(static_cast<int>(::syscall(SYS_pidfd_open, child, 0)));
    pollfd ended{handle.get(), POLLIN, 0};
    int ready = 0;
    do {
        ready = ::poll(&ended, 1, static_cast<int>(time_max.count()));
    } while (ready < 0 && errno == EINTR);
    if (ready == 0) ::kill(child, SIGKILL);
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    return ready != 0;
}

Outcome how_it_ended(const Slate& slate, int status, const std::string& printed) {
    if (slate.is_finished()) return {slate.verdict(), slate.text()};
    if (WIFSIGNALED(status)) {
        return {Verdict::failed,
                "crashed with " + signal_name(WTERMSIG(status)) + in_place(slate) +
                    sanitizer_words(printed)};
    }
    const std::string words = sanitizer_words(printed);
    if (!words.empty()) return {Verdict::failed, "crashed" + in_place(slate) + words};
    return {Verdict::failed,
            "ended the process with exit status " + std::to_string(WEXITSTATUS(status)) +
                in_place(slate)};
}

}  // namespace

struct Slate::Page {
    std::atomic<bool> is_finished{false};
    std::atomic<int> verdict{0};
    int texts = 0;
    char place[kPlaceBytesMax] = {};
    char text[kTextBytesMax] = {};
};

Slate::Slate() {
    void* const memory =
        ::mmap(nullptr, sizeof(Page), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory != MAP_FAILED) page_ = new (memory) Page;
}

Slate::~Slate() {
    if (page_ != nullptr) ::munmap(page_, sizeof(Page));
}

void Slate::enter(std::string_view place) {
    const std::size_t size = std::min(place.size(), kPlaceBytesMax - 1);
    std::memcpy(page_->place, place.data(), size);
    page_->place[size] = '\0';
}

void Slate::say(Verdict verdict, std::string_view text) {
    if (static_cast<int>(verdict) < page_->verdict) return;
    if (static_cast<int>(verdict) > page_->verdict) {
        page_->verdict = static_cast<int>(verdict);
        page_->text[0] = '\0';  // what weighs less is not why
        page_->texts = 0;
    }
    const std::string words = plugins::printable(text, kTextBytesMax / 4);
    if (page_->texts == kTextsMax || std::strstr(page_->text, words.c_str()) != nullptr) return;
    const std::size_t used = std::strlen(page_->text);
    const std::string added = (used == 0 ? "" : "\n") + words;
    if (used + added.size() >= kTextBytesMax) return;
    std::memcpy(page_->text + used, added.c_str(), added.size() + 1);
    ++page_->texts;
}

void Slate::finish() {
    page_->is_finished = true;
}

bool Slate::is_finished() const {
    return page_->is_finished;
}

Verdict Slate::verdict() const {
    return static_cast<Verdict>(page_->verdict.load());
}

std::string Slate::place() const {
    return page_->place;
}

std::string Slate::text() const {
    return page_->text;
}

Scroll::Scroll() : file_(::memfd_create("scroll", MFD_CLOEXEC)) {}

Scroll::~Scroll() {
    if (file_ >= 0) ::close(file_);
}

void Scroll::add(const std::string& line) const {
    const std::string text = line + '\n';
    std::size_t at = 0;
    while (at < text.size()) {
        const ssize_t put = ::write(file_, text.data() + at, text.size() - at);
        if (put <= 0) return;
        at += static_cast<std::size_t>(put);
    }
}

std::vector<std::string> Scroll::lines() const {
    std::string text;
    char piece[16 * 1024];
    for (off_t at = 0;;) {
        const ssize_t got = ::pread(file_, piece, sizeof(piece), at);
        if (got <= 0) break;
        text.append(piece, static_cast<std::size_t>(got));
        at += got;
    }
    std::vector<std::string> lines;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = text.find('\n', at);
        if (end == text.npos) break;  // what a crash cut
        lines.push_back(text.substr(at, end - at));
        at = end + 1;
    }
    return lines;
}

Outcome in_a_child(const std::function<void(Slate&)>& work,
                   std::chrono::milliseconds time_max,
                   std::string* printed) {
    Slate slate;
    const File out(::memfd_create("printed", MFD_CLOEXEC));
    if (!slate || out.get() < 0) return {Verdict::skipped, "the system has no memory for it"};
    const pid_t child = ::fork();
    if (child < 0) return {Verdict::skipped, "the system starts no process"};
    if (child == 0) work_in_child(work, slate, out.get());
    int status = 0;
    const bool in_time = ended_in_time(child, time_max, status);
    const std::string words = read_printed(out.get());
    if (printed != nullptr) *printed = words;
    if (in_time) return how_it_ended(slate, status, words);
    return {Verdict::failed,
            "did not return within " + std::to_string(time_max.count()) + " ms" + in_place(slate)};
}

}  // namespace parley::check
