#include "ssh.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <sstream>
#include <vector>

#include <curl/curl.h>

#include "child.hpp"
#include "remote.hpp"

namespace parley::store_git {

using sdk::store_failure;

namespace {

constexpr uint64_t kMsPerSecond = 1000;
constexpr const char* kPassphrase = "PARLEY_SSH_PASSPHRASE";
constexpr const char* kAnswer = "parley-answer";

// ---- addresses ----

std::string part_of(CURLU* address, CURLUPart part) {
    char* text = nullptr;
    if (curl_url_get(address, part, &text, CURLU_URLDECODE) != CURLUE_OK) return {};
    std::string out = text;
    curl_free(text);
    return out;
}

SshAddress from_url(const std::string& remote) {
    const std::unique_ptr<CURLU, void (*)(CURLU*)> parts(curl_url(), curl_url_cleanup);
    constexpr unsigned kAsItIs = CURLU_NON_SUPPORT_SCHEME | CURLU_PATH_AS_IS;
    SshAddress out;
    if (curl_url_set(parts.get(), CURLUPART_URL, remote.c_str(), kAsItIs) != CURLUE_OK) return out;
    out.user = part_of(parts.get(), CURLUPART_USER);
    out.host = part_of(parts.get(), CURLUPART_HOST);
    out.port = part_of(parts.get(), CURLUPART_PORT);
    out.path = part_of(parts.get(), CURLUPART_PATH);
    if (out.host.starts_with('[')) out.host = out.host.substr(1, out.host.size() - 2);
    // ~name is somebody's home, there.
    if (out.path.starts_with("/~")) out.path.erase(0, 1);
    return out;
}

// user@host:path
SshAddress from_words(const std::string& remote) {
    SshAddress out;
    const std::size_t at = remote.find('@');
    const std::size_t colon = remote.find(':');
    if (at < colon) out.user = remote.substr(0, at);
    const std::size_t host = at < colon ? at + 1 : 0;
    out.host = remote.substr(host, colon - host);
    out.path = remote.substr(colon + 1);
    return out;
}

// ---- what ssh is told ----

// As a word of the shell at the other end.
std::string shell_word(std::string_view text) {
    std::string out = "'";
    for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
    return out + '\'';
}

// Who is believed: the key that was configured, or those in the files of known hosts.
void add_belief(const Settings& settings, const std::function<void(std::string)>& option) {
    option("StrictHostKeyChecking=yes");
    if (!settings.ssh_host_key.empty()) {
        option("UserKnownHostsFile=none");
        option("GlobalKnownHostsFile=none");
        option(
            "KnownHostsCommand=/bin/sh -c 'if test \"$2\" = \"$1\"; then echo \"$3 $4 $5\"; "
            "elif test \"$2\" != NONE; then "
            "echo \"its host key is $2; ssh_host_key was expected\" >&2; fi' sh " +
            settings.ssh_host_key + " %f %H %t %K");
    } else if (!settings.ssh_known_hosts_file.empty()) {
        option("UserKnownHostsFile=\"" + settings.ssh_known_hosts_file + '"');
    }
}

std::vector<std::string> words_for(const Settings& settings, const std::string& service) {
    const SshAddress to = ssh_address(settings.remote).value();
    const uint64_t seconds = settings.timeout_ms / kMsPerSecond + 2;
    std::vector<std::string> out{"ssh", "-T", "-x"};
    const auto option = [&out](std::string text) {
        out.emplace_back("-o");
        out.push_back(std::move(text));
    };
    option("LogLevel=ERROR");
    option("ControlMaster=no");
    option("UpdateHostKeys=no");
    option("PreferredAuthentications=publickey");
    option("NumberOfPasswordPrompts=1");
    option(std::string("BatchMode=") + (settings.ssh_key_passphrase.empty() ? "yes" : "no"));
    // One that outlives us ends by itself; until then it is ours to say what is too late.
    option("ConnectTimeout=" + std::to_string(seconds));
    option("ServerAliveInterval=" + std::to_string(seconds));
    option("ServerAliveCountMax=1");
    add_belief(settings, option);
    if (!settings.ssh_key_file.empty()) {
        option("IdentitiesOnly=yes");
        option("IdentityFile=\"" + settings.ssh_key_file + '"');
    }
    if (!to.port.empty()) out.insert(out.end(), {"-p", to.port});
    if (!to.user.empty()) out.insert(out.end(), {"-l", to.user});
    out.insert(out.end(), {"--", to.host, service + ' ' + shell_word(to.path)});
    return out;
}

// ssh takes a passphrase from a terminal or from a program, which stands beside the clone and holds
// no secret: what it says is in its environment.
std::vector<std::string> environment_for(const Settings& settings) {
    if (settings.ssh_key_passphrase.empty()) return {};
    namespace fs = std::filesystem;
    const fs::path answer = fs::path(settings.path) / kAnswer;
    std::ofstream(answer) << "#!/bin/sh\nprintf '%s\\n' \"$" << kPassphrase << "\"\n";
    fs::permissions(answer, fs::perms::owner_all);
    return {"SSH_ASKPASS=" + answer.string(),
            "SSH_ASKPASS_REQUIRE=force",
            kPassphrase + ('=' + settings.ssh_key_passphrase)};
}

// ---- what ssh says ----

// In one line, without ornaments.
std::string said(const std::string& complaints) {
    std::string out;
    std::istringstream text(complaints);
    for (std::string line; std::getline(text, line);) {
        line.erase(
            std::remove_if(line.begin(), line.end(), [](char c) { return c < ' ' && c >= 0; }),
            line.end());
        if (line.find_first_not_of("@ ") == line.npos) continue;
        if (!out.empty()) out += "; ";
        out += line;
    }
    return out;
}

sdk::Failure failure_of(const Settings& settings, int code, const std::string& complaints) {
    const std::string words = said(complaints);
    const auto says = [&words](std::string_view what) { return words.find(what) != words.npos; };
    if (says("Host key verification failed")) {
        const std::string cure = settings.ssh_host_key.empty()
                                     ? "; give its ssh_host_key, or a ssh_known_hosts_file"
                                     : "";
        return store_failure(PARLEY_E_FORBIDDEN, "the remote is not believed: " + words + cure);
    }
    if (says("Permission denied")) {
        return store_failure(PARLEY_E_FORBIDDEN, "the remote does not let us in: " + words);
    }
    if (!words.empty()) return store_failure(PARLEY_E_INTERNAL, words);
    return store_failure(PARLEY_E_INTERNAL, "ssh ended with " + std::to_string(code));
}

// ---- libgit2's side ----

class Line;

// One program of git's at the other end, which is spoken to until it has ended.
class Call : public git_smart_subtransport_stream {
public:
    Call(Line& line, const std::string& service);
    Call(const Call&) = delete;
    Call& operator=(const Call&) = delete;
    ~Call();

    std::size_t hear(char* into, std::size_t size);
    void say(const char* bytes, std::size_t size);

    // What failed, or what nobody waits for any more, is spoken to no longer.
    bool is_over() const;

    void hang_up() { child_.reset(); }

private:
    Patience patience() const;

    Line& line_;
    std::optional<Child> child_;
};

class Line : public git_smart_subtransport {
public:
    explicit Line(Way& on) : git_smart_subtransport{}, way(on) {}

    const Settings& settings() const { return way.talk->settings; }

    Way& way;
    Call* call = nullptr;  // libgit2's, while it lasts
};

Call::Call(Line& line, const std::string& service) : git_smart_subtransport_stream{}, line_(line) {
    subtransport = &line;
    child_.emplace(words_for(line.settings(), service), environment_for(line.settings()));
    line.call = this;
}

Call::~Call() {
    line_.call = nullptr;
}

bool Call::is_over() const {
    return !child_ || line_.way.talk == nullptr;
}

Patience Call::patience() const {
    return {line_.way.talk->cancel, line_.settings().timeout_ms};
}

std::size_t Call::hear(char* into, std::size_t size) {
    const std::size_t count = child_->read(into, size, patience());
    if (count > 0) return count;
    const int code = child_->end(patience());
    line_.way.talk->cancel.check();
    if (code != 0) throw failure_of(line_.settings(), code, child_->complaints());
    return 0;
}

void Call::say(const char* bytes, std::size_t size) {
    child_->write(bytes, size, patience());
}

template <class Do>
int with_call(git_smart_subtransport_stream* stream, Do&& what) {
    Call& call = *static_cast<Call*>(stream);
    if (call.is_over()) return -1;
    const Way& way = static_cast<Line*>(stream->subtransport)->way;
    const int code = kept_from_libgit2(way, GIT_ERROR_SSH, [&] { what(call); });
    if (code < 0) call.hang_up();
    return code;
}

int read(git_smart_subtransport_stream* stream, char* into, std::size_t size, std::size_t* got) {
    *got = 0;
    return with_call(stream, [&](Call& call) { *got = call.hear(into, size); });
}

int write(git_smart_subtransport_stream* stream, const char* bytes, std::size_t size) {
    return with_call(stream, [&](Call& call) { call.say(bytes, size); });
}

int begin(git_smart_subtransport_stream** out,
          git_smart_subtransport* transport,
          const char*,
          git_smart_service_t action) {
    Line& line = *static_cast<Line*>(transport);
    const bool is_first =
        action == GIT_SERVICE_UPLOADPACK_LS || action == GIT_SERVICE_RECEIVEPACK_LS;
    if (!is_first) {
        *out = line.call;
        return line.call == nullptr ? -1 : 0;
    }
    const std::string service =
        action == GIT_SERVICE_UPLOADPACK_LS ? "git-upload-pack" : "git-receive-pack";
    return kept_from_libgit2(line.way, GIT_ERROR_SSH, [&] {
        auto call = std::make_unique<Call>(line, service);
        call->read = read;
        call->write = write;
        call->free = [](git_smart_subtransport_stream* stream) {
            delete static_cast<Call*>(stream);
        };
        *out = call.release();
    });
}

int make_line(git_smart_subtransport** out, git_transport*, void* way) {
    auto* line = new (std::nothrow) Line(*static_cast<Way*>(way));
    if (line == nullptr) return -1;
    line->action = begin;
    line->close = [](git_smart_subtransport*) { return 0; };
    line->free = [](git_smart_subtransport* transport) { delete static_cast<Line*>(transport); };
    *out = line;
    return 0;
}

}  // namespace

std::optional<SshAddress> ssh_address(const std::string& remote) {
    const bool is_url = remote.find("://") != remote.npos;
    const std::size_t colon = remote.find(':');
    if (is_url && !remote.starts_with("ssh://")) return std::nullopt;
    if (!is_url && (colon == remote.npos || remote.find('/') < colon)) return std::nullopt;
    SshAddress out = is_url ? from_url(remote) : from_words(remote);
    // What begins with a dash would be an option of ssh.
    if (out.host.empty() || out.host.starts_with('-') || out.user.starts_with('-') ||
        out.path.empty() || out.path == "/") {
        throw sdk::Failure(PARLEY_E_CONFIG,
                           "remote: ssh://user@host/repository.git was expected, or "
                           "user@host:repository.git");
    }
    return out;
}

int make_ssh_transport(git_transport** out, git_remote* owner, void* payload) {
    git_smart_subtransport_definition definition{make_line, 0, static_cast<Talk*>(payload)->way};
    return git_transport_smart(out, owner, &definition);
}

}  // namespace parley::store_git
