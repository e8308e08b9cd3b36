#include "http.hpp"

#include <algorithm>
#include <cctype>

#include <curl/curl.h>

namespace parley::store_s3 {

using sdk::Cancel;
using sdk::store_failure;

namespace {

constexpr uint64_t kRetryMs = 1000;

struct Receiver {
    HttpReply reply;
    uint64_t bytes_max = 0;
    bool too_large = false;
};

std::size_t take_body(char* data, std::size_t, std::size_t size, void* context) {
    auto& receiver = *static_cast<Receiver*>(context);
    receiver.too_large = receiver.reply.body.size() + size > receiver.bytes_max;
    if (receiver.too_large) return 0;
    receiver.reply.body.append(data, size);
    return size;
}

std::size_t take_field(char* data, std::size_t, std::size_t size, void* context) {
    auto& fields = static_cast<Receiver*>(context)->reply.fields;
    const std::string_view line(data, size);
    if (line.starts_with("HTTP/")) fields.clear();
    const std::size_t colon = line.find(':');
    if (colon == line.npos) return size;
    std::string name(line.substr(0, colon));
    std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) {
        return static_cast<char>(std::tolower(c));
    });
    const std::size_t begin = std::min(line.find_first_not_of(' ', colon + 1), line.size());
    const std::size_t end = line.find_last_not_of("\r\n ") + 1;
    fields[name] = std::string(line.substr(begin, end > begin ? end - begin : 0));
    return size;
}

}  // namespace

// A handle of its own event loop, which keeps its connection.
class Http::Wire {
public:
    Wire() : easy_(curl_easy_init()), multi_(curl_multi_init()) {
        if (easy_ == nullptr || multi_ == nullptr) {
            throw store_failure(PARLEY_E_OVERLOADED, "no memory", kRetryMs);
        }
    }

    Wire(const Wire&) = delete;
    Wire& operator=(const Wire&) = delete;

    ~Wire() {
        curl_multi_cleanup(multi_);
        curl_easy_cleanup(easy_);
    }

    HttpReply send(const HttpRequest& request, const Limits& limits, Cancel cancel) {
        Receiver receiver;
        receiver.bytes_max = limits.reply_bytes_max;
        const std::unique_ptr<curl_slist, void (*)(curl_slist*)> fields(list(request.fields),
                                                                        curl_slist_free_all);
        curl_easy_reset(easy_);
        set(CURLOPT_URL, request.url.c_str());
        set(CURLOPT_PATH_AS_IS, 1L);
        set(CURLOPT_CUSTOMREQUEST, request.method.c_str());
        if (request.method == "HEAD") set(CURLOPT_NOBODY, 1L);
        if (request.method == "PUT") {
            set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
            set(CURLOPT_POSTFIELDS, request.body.data());
        }
        set(CURLOPT_HTTPHEADER, fields.get());
        set(CURLOPT_WRITEFUNCTION, take_body);
        set(CURLOPT_WRITEDATA, &receiver);
        set(CURLOPT_HEADERFUNCTION, take_field);
        set(CURLOPT_HEADERDATA, &receiver);
        set(CURLOPT_NOSIGNAL, 1L);
        set(CURLOPT_PROTOCOLS_STR, "http,https");
        set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
        set(CURLOPT_TIMEOUT_MS, static_cast<long>(limits.timeout_ms));
        if (!limits.tls_ca_file.empty()) set(CURLOPT_CAINFO, limits.tls_ca_file.c_str());
        words_[0] = '\0';
        set(CURLOPT_ERRORBUFFER, words_);
        const CURLcode code = run(cancel);
        if (receiver.too_large) {
            throw store_failure(PARLEY_E_TOO_LARGE, "an object is larger than value_bytes_max");
        }
        if (code != CURLE_OK) {
            const bool is_slow = code == CURLE_OPERATION_TIMEDOUT;
            throw NoReply(store_failure(is_slow ? PARLEY_E_OVERLOADED : PARLEY_E_INTERNAL,
                                        std::string("the server gave no answer: ") +
                                            (words_[0] != '\0' ? words_ : curl_easy_strerror(code)),
                                        is_slow ? kRetryMs : 0));
        }
        curl_easy_getinfo(easy_, CURLINFO_RESPONSE_CODE, &receiver.reply.status);
        return std::move(receiver.reply);
    }

private:
    template <class Value>
    void set(CURLoption option, Value value) {
        curl_easy_setopt(easy_, option, value);
    }

    static curl_slist* list(const Fields& fields) {
        // Not what libcurl adds by itself.
        curl_slist* all = curl_slist_append(nullptr, "Expect:");
        for (const auto& [name, value] : fields) {
            all = curl_slist_append(all, (name + (value.empty() ? ";" : ": " + value)).c_str());
        }
        return all;
    }

    CURLcode run(Cancel cancel) {
        constexpr int kSliceMs = 50;
        curl_multi_add_handle(multi_, easy_);
        CURLcode code = CURLE_ABORTED_BY_CALLBACK;
        for (int running = 1; running != 0 && !cancel.is_set();) {
            if (curl_multi_perform(multi_, &running) != CURLM_OK) break;
            if (running != 0) curl_multi_poll(multi_, nullptr, 0, kSliceMs, nullptr);
        }
        int left = 0;
        while (const CURLMsg* message = curl_multi_info_read(multi_, &left)) {
            if (message->msg == CURLMSG_DONE) code = message->data.result;
        }
        curl_multi_remove_handle(multi_, easy_);
        cancel.check();
        return code;
    }

    CURL* easy_;
    CURLM* multi_;
    char words_[CURL_ERROR_SIZE] = {};  // of the last failure
};

Http::Http() = default;
Http::~Http() = default;

void Http::close() {
    const std::lock_guard guard(mutex_);
    idle_.clear();
}

std::unique_ptr<Http::Wire> Http::take() {
    const std::lock_guard guard(mutex_);
    if (idle_.empty()) return std::make_unique<Wire>();
    auto wire = std::move(idle_.back());
    idle_.pop_back();
    return wire;
}

HttpReply Http::send(const HttpRequest& request, Cancel cancel) {
    auto wire = take();
    HttpReply reply = wire->send(request, limits_, cancel);
    const std::lock_guard guard(mutex_);
    idle_.push_back(std::move(wire));
    return reply;
}

}  // namespace parley::store_s3
