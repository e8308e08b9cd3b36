#include "http.hpp"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <memory>

#include <curl/curl.h>

#include "remote.hpp"

namespace parley::store_git {

namespace {

using Clock = std::chrono::steady_clock;

constexpr uint64_t kAgainMs = 1000;
constexpr uint64_t kMsPerSecond = 1000;
constexpr long kRedirectsMax = 5;
constexpr long kOk = 200;

// What is asked for, and how.
struct Service {
    const char* name;
    bool posts;
};

Service service_of(git_smart_service_t action) {
    switch (action) {
        case GIT_SERVICE_UPLOADPACK_LS:
            return {"git-upload-pack", false};
        case GIT_SERVICE_UPLOADPACK:
            return {"git-upload-pack", true};
        case GIT_SERVICE_RECEIVEPACK_LS:
            return {"git-receive-pack", false};
        default:
            return {"git-receive-pack", true};
    }
}

// "/info/refs?service=git-upload-pack", "/git-upload-pack"
std::string path_of(const Service& service) {
    const std::string name = service.name;
    return service.posts ? '/' + name : "/info/refs?service=" + name;
}

std::string host_of(const std::string& url) {
    const std::unique_ptr<CURLU, void (*)(CURLU*)> parts(curl_url(), curl_url_cleanup);
    char* host = nullptr;
    if (curl_url_set(parts.get(), CURLUPART_URL, url.c_str(), 0) != CURLUE_OK ||
        curl_url_get(parts.get(), CURLUPART_HOST, &host, 0) != CURLUE_OK) {
        return {};
    }
    std::string out = host;
    curl_free(host);
    return out;
}

// The connection, which serves one request after the other.
class Wire : public git_smart_subtransport {
public:
    explicit Wire(Way& on) : git_smart_subtransport{}, way(on) {}

    Way& way;
    std::string base;  // the repository's address; where we were sent to, once we were
    const std::unique_ptr<CURLM, CURLMcode (*)(CURLM*)> multi{curl_multi_init(),
                                                              curl_multi_cleanup};
    const std::unique_ptr<CURL, void (*)(CURL*)> easy{curl_easy_init(), curl_easy_cleanup};

    template <class Value>
    void set(CURLoption option, Value value) {
        curl_easy_setopt(easy.get(), option, value);
    }

    template <class Value>
    Value about(CURLINFO what) const {
        Value value{};
        curl_easy_getinfo(easy.get(), what, &value);
        return value;
    }
};

// One request and its reply, read as it comes.
class Request : public git_smart_subtransport_stream {
public:
    Request(Wire& wire, Service service)
        : git_smart_subtransport_stream{}, wire_(wire), service_(service) {
        subtransport = &wire;
    }

    Request(const Request&) = delete;
    Request& operator=(const Request&) = delete;

    ~Request() { end(); }

    void say(const char* bytes, std::size_t size) { body_.append(bytes, size); }

    // No bytes at all: that was the end of the reply.
    std::size_t hear(char* into, std::size_t size) {
        if (!is_begun_) begin();
        while (!is_over_ && !has_news()) go_on();
        if (is_over_) check_end();
        const std::size_t count = std::min(size, reply_.size() - taken_);
        std::memcpy(into, reply_.data() + taken_, count);
        taken_ += count;
        if (taken_ == reply_.size()) {
            reply_.clear();
            taken_ = 0;
        }
        return count;
    }

private:
    Talk& talk() const { return *wire_.way.talk; }

    const Settings& settings() const { return talk().settings; }

    [[noreturn]] void fail(int32_t error_class, const std::string& words, uint64_t wait_ms = 0) {
        throw sdk::store_failure(error_class, words, wait_ms);
    }

    static std::size_t take(char* bytes, std::size_t, std::size_t size, void* context) {
        Request& self = *static_cast<Request*>(context);
        // What comes with a refusal is of no use to libgit2.
        if (self.wire_.about<long>(CURLINFO_RESPONSE_CODE) == kOk) self.reply_.append(bytes, size);
        return size;
    }

    // The first reply is looked at as a whole before anything of it is believed.
    bool has_news() const { return service_.posts && taken_ != reply_.size(); }

    void begin() {
        is_begun_ = true;
        moved_at_ = Clock::now();
        const std::string url = wire_.base + path_of(service_);
        curl_easy_reset(wire_.easy.get());
        wire_.set(CURLOPT_URL, url.c_str());
        wire_.set(CURLOPT_NOSIGNAL, 1L);
        wire_.set(CURLOPT_ERRORBUFFER, words_);
        wire_.set(CURLOPT_PROTOCOLS_STR, "http,https");
        wire_.set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
        wire_.set(CURLOPT_ACCEPT_ENCODING, "");
        // As hosts of repositories know their clients by.
        wire_.set(CURLOPT_USERAGENT, "git/2.0 (parley)");
        wire_.set(CURLOPT_WRITEFUNCTION, take);
        wire_.set(CURLOPT_WRITEDATA, this);
        if (!settings().tls_ca_file.empty()) {
            wire_.set(CURLOPT_CAINFO, settings().tls_ca_file.c_str());
        }
        if (!settings().token.empty()) {
            wire_.set(CURLOPT_USERNAME, settings().token_user.c_str());
            wire_.set(CURLOPT_PASSWORD, settings().token.c_str());
        }
        if (service_.posts) {
            begin_post();
        } else {
            const bool is_secure = wire_.base.starts_with("https:");
            wire_.set(CURLOPT_FOLLOWLOCATION, 1L);
            wire_.set(CURLOPT_MAXREDIRS, kRedirectsMax);
            wire_.set(CURLOPT_REDIR_PROTOCOLS_STR, is_secure ? "https" : "http,https");
        }
        curl_multi_add_handle(wire_.multi.get(), wire_.easy.get());
    }

    void begin_post() {
        const std::string name = service_.name;
        for (const std::string& field : {"Content-Type: application/x-" + name + "-request",
                                         "Accept: application/x-" + name + "-result",
                                         std::string("Expect:")}) {
            fields_.reset(curl_slist_append(fields_.release(), field.c_str()));
        }
        wire_.set(CURLOPT_HTTPHEADER, fields_.get());
        wire_.set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body_.size()));
        wire_.set(CURLOPT_POSTFIELDS, body_.data());
    }

    void go_on() {
        constexpr int kSliceMs = 50;
        int running = 0;
        if (curl_multi_perform(wire_.multi.get(), &running) != CURLM_OK) {
            fail(PARLEY_E_INTERNAL, "libcurl does not go on");
        }
        int left = 0;
        while (const CURLMsg* message = curl_multi_info_read(wire_.multi.get(), &left)) {
            if (message->msg != CURLMSG_DONE) continue;
            is_over_ = true;
            code_ = message->data.result;
        }
        if (is_over_ || has_news()) return;
        talk().cancel.check();
        check_silence();
        curl_multi_poll(wire_.multi.get(), nullptr, 0, kSliceMs, nullptr);
    }

    void check_silence() {
        const auto moved = wire_.about<curl_off_t>(CURLINFO_SIZE_UPLOAD_T) +
                           wire_.about<curl_off_t>(CURLINFO_SIZE_DOWNLOAD_T);
        const auto now = Clock::now();
        if (moved != moved_) {
            moved_ = moved;
            moved_at_ = now;
        }
        const std::chrono::milliseconds limit(static_cast<int64_t>(settings().timeout_ms));
        if (now - moved_at_ > limit) {
            fail(PARLEY_E_OVERLOADED, "the remote says nothing within timeout_ms", kAgainMs);
        }
    }

    // Once, when all has come.
    void check_end() {
        if (is_checked_) return;
        is_checked_ = true;
        end();
        if (code_ != CURLE_OK) {
            const std::string words = words_[0] != '\0' ? words_ : curl_easy_strerror(code_);
            const bool is_distrust =
                code_ == CURLE_PEER_FAILED_VERIFICATION || code_ == CURLE_SSL_CACERT_BADFILE;
            fail(is_distrust ? PARLEY_E_FORBIDDEN : PARLEY_E_INTERNAL, words);
        }
        check_status(wire_.about<long>(CURLINFO_RESPONSE_CODE));
        if (!service_.posts) check_advertisement();
    }

    void check_status(long status) {
        constexpr long kUnauthorized = 401;
        constexpr long kForbidden = 403;
        constexpr long kTooLarge = 413;
        if (status == kOk) return;
        const std::string words = "the remote answers with HTTP status " + std::to_string(status);
        if (status == kUnauthorized || status == kForbidden) {
            fail(PARLEY_E_FORBIDDEN, "the remote does not let us in: " + words);
        }
        if (status == kTooLarge) fail(PARLEY_E_TOO_LARGE, words);
        for (const long busy : {429L, 502L, 503L, 504L}) {
            if (status != busy) continue;
            const auto seconds = wire_.about<curl_off_t>(CURLINFO_RETRY_AFTER);
            fail(PARLEY_E_OVERLOADED,
                 words,
                 std::max(kAgainMs, static_cast<uint64_t>(seconds) * kMsPerSecond));
        }
        fail(PARLEY_E_INTERNAL, words);
    }

    // The first reply says what kind of server this is, and where it wants to be asked.
    void check_advertisement() {
        const char* type = wire_.about<char*>(CURLINFO_CONTENT_TYPE);
        const std::string expected =
            "application/x-" + std::string(service_.name) + "-advertisement";
        if (type == nullptr || type != expected) {
            fail(PARLEY_E_INTERNAL, "it is no git server that answers there");
        }
        const std::string path = path_of(service_);
        const std::string url = wire_.about<char*>(CURLINFO_EFFECTIVE_URL);
        if (!url.ends_with(path) || host_of(url) != host_of(wire_.base)) {
            // Who we are is nothing to another host.
            fail(PARLEY_E_INTERNAL, "the remote has moved to " + host_of(url));
        }
        wire_.base = url.substr(0, url.size() - path.size());
    }

    void end() {
        if (is_begun_) curl_multi_remove_handle(wire_.multi.get(), wire_.easy.get());
    }

    Wire& wire_;
    const Service service_;
    std::string body_;
    std::string reply_;
    std::size_t taken_ = 0;
    std::unique_ptr<curl_slist, void (*)(curl_slist*)> fields_{nullptr, curl_slist_free_all};
    char words_[CURL_ERROR_SIZE] = {};
    CURLcode code_ = CURLE_OK;
    curl_off_t moved_ = 0;
    Clock::time_point moved_at_;
    bool is_begun_ = false;
    bool is_over_ = false;
    bool is_checked_ = false;
};

int read(git_smart_subtransport_stream* stream, char* into, std::size_t size, std::size_t* got) {
    *got = 0;
    const Way& way = static_cast<Wire*>(stream->subtransport)->way;
    return kept_from_libgit2(
        way, GIT_ERROR_HTTP, [&] { *got = static_cast<Request*>(stream)->hear(into, size); });
}

int write(git_smart_subtransport_stream* stream, const char* bytes, std::size_t size) {
    const Way& way = static_cast<Wire*>(stream->subtransport)->way;
    return kept_from_libgit2(
        way, GIT_ERROR_HTTP, [&] { static_cast<Request*>(stream)->say(bytes, size); });
}

int begin(git_smart_subtransport_stream** out,
          git_smart_subtransport* transport,
          const char* url,
          git_smart_service_t action) {
    Wire& wire = *static_cast<Wire*>(transport);
    return kept_from_libgit2(wire.way, GIT_ERROR_HTTP, [&] {
        const Service service = service_of(action);
        if (!service.posts) {
            wire.base = url;
            while (wire.base.ends_with('/')) wire.base.pop_back();
        }
        auto request = std::make_unique<Request>(wire, service);
        request->read = read;
        request->write = write;
        request->free = [](git_smart_subtransport_stream* stream) {
            delete static_cast<Request*>(stream);
        };
        *out = request.release();
    });
}

int make_wire(git_smart_subtransport** out, git_transport*, void* way) {
    auto* wire = new (std::nothrow) Wire(*static_cast<Way*>(way));
    if (wire == nullptr) return -1;
    wire->action = begin;
    wire->close = [](git_smart_subtransport*) { return 0; };
    wire->free = [](git_smart_subtransport* transport) { delete static_cast<Wire*>(transport); };
    *out = wire;
    return 0;
}

}  // namespace

bool is_http(std::string_view remote) {
    return remote.starts_with("http://") || remote.starts_with("https://");
}

int make_http_transport(git_transport** out, git_remote* owner, void* payload) {
    git_smart_subtransport_definition definition{make_wire, 1, static_cast<Talk*>(payload)->way};
    return git_transport_smart(out, owner, &definition);
}

}  // namespace parley::store_git
