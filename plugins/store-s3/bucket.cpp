#include "bucket.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <thread>

#include <curl/curl.h>

#include "xml.hpp"

namespace parley::store_s3 {

using sdk::Cancel;
using sdk::store_failure;

namespace {

constexpr int kTries = 5;
constexpr uint64_t kFirstPauseMs = 100;

int64_t wall_ms() {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
}

bool may_help_to_wait(long status) {
    return status == 429 || status == 500 || status == 502 || status == 503 || status == 504;
}

std::string without_quotes(std::string etag) {
    std::erase(etag, '"');
    return etag;
}

int64_t http_date_ms(const std::string& text) {
    const std::time_t seconds = text.empty() ? -1 : ::curl_getdate(text.c_str(), nullptr);
    return seconds < 0 ? 0 : int64_t{1000} * seconds;
}

// What a server asks for in seconds, within reason.
uint64_t asked_pause_ms(const HttpReply& reply, uint64_t otherwise) {
    constexpr uint64_t kMost = 5;
    const std::string text = reply.field("retry-after");
    uint64_t seconds = 0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), seconds);
    return read.ec == std::errc() && seconds > 0 ? std::min(seconds, kMost) * 1000 : otherwise;
}

}  // namespace

void pause(uint64_t ms, Cancel cancel) {
    constexpr uint64_t kSliceMs = 20;
    for (uint64_t waited = 0; waited < ms; waited += kSliceMs) {
        cancel.check();
        std::this_thread::sleep_for(std::chrono::milliseconds(std::min(kSliceMs, ms - waited)));
    }
}

void check_reply(const HttpReply& reply, std::string_view what) {
    if (reply.status >= 200 && reply.status < 300) return;
    const std::string code = xml_text(reply.body, "Code");
    std::string text = std::string(what) + ": " + std::to_string(reply.status) + ' ' + code + ' ' +
                       xml_text(reply.body, "Message");
    // Who is asked for a bucket of another region knows of which.
    const bool is_elsewhere = reply.status == 301 || code == "AuthorizationHeaderMalformed";
    std::string region = reply.field("x-amz-bucket-region");
    if (region.empty()) region = xml_text(reply.body, "Region");
    if (is_elsewhere && !region.empty()) text += "; the bucket is in region \"" + region + '"';
    if (may_help_to_wait(reply.status) || reply.status == 409) {
        throw store_failure(PARLEY_E_OVERLOADED, text, asked_pause_ms(reply, 1000));
    }
    if (reply.status == 401 || reply.status == 403) throw store_failure(PARLEY_E_FORBIDDEN, text);
    if (reply.status == 413 || code == "EntityTooLarge") {
        throw store_failure(PARLEY_E_TOO_LARGE, text);
    }
    throw store_failure(PARLEY_E_INTERNAL, text);
}

void Bucket::open(Place place, Credentials credentials, Http::Limits limits) {
    place_ = std::move(place);
    credentials_ = std::move(credentials);
    http_.open(std::move(limits));
}

int64_t Bucket::now_ms() const {
    return wall_ms() + clock_ahead_ms_;
}

HttpReply Bucket::send_once(const std::string& method,
                            const std::string& key,
                            const std::string& query,
                            std::string_view body,
                            const Fields& more,
                            Cancel cancel) {
    const std::string encoded = percent_encoded(key, true);
    Signed parts;
    parts.method = method;
    parts.host = place_.virtual_host ? place_.bucket + '.' + place_.host : place_.host;
    parts.path = place_.virtual_host ? '/' + encoded : '/' + place_.bucket + '/' + encoded;
    if (!place_.virtual_host && encoded.empty()) parts.path.pop_back();
    parts.query = query;
    parts.payload_sha256 = sha256_hex(body);
    parts.region = place_.region;
    parts.wall_ms = now_ms();
    HttpRequest request;
    request.method = method;
    request.url = place_.scheme + "://" + parts.host + parts.path;
    if (!query.empty()) request.url += '?' + query;
    request.body = body;
    request.fields = more;
    request.fields.emplace_back("x-amz-content-sha256", parts.payload_sha256);
    request.fields.emplace_back("x-amz-date", amz_date(parts.wall_ms));
    if (!credentials_.session_token.empty()) {
        request.fields.emplace_back("x-amz-security-token", credentials_.session_token);
    }
    request.fields.emplace_back("authorization", authorization(parts, credentials_));
    HttpReply reply = http_.send(request, cancel);
    constexpr int64_t kCloseMs = 2000;
    if (const int64_t theirs = http_date_ms(reply.field("date")); theirs != 0) {
        const int64_t ahead = theirs - wall_ms();
        clock_ahead_ms_ = ahead > -kCloseMs && ahead < kCloseMs ? 0 : ahead;
    }
    return reply;
}

HttpReply Bucket::send(const std::string& method,
                       const std::string& key,
                       Query query,
                       std::string_view body,
                       const Fields& more,
                       Cancel cancel) {
    const std::string text = query_text(std::move(query));
    bool was_skewed = false;
    uint64_t pause_ms = kFirstPauseMs;
    for (int tries = 1;; ++tries, pause_ms *= 2) {
        HttpReply reply = send_once(method, key, text, body, more, cancel);
        const bool is_skewed =
            reply.status == 403 && xml_text(reply.body, "Code") == "RequestTimeTooSkewed";
        if (is_skewed && !was_skewed) {
            was_skewed = true;  // its clock is known now
            continue;
        }
        if (!may_help_to_wait(reply.status) || tries == kTries) {
            if (tries > 1) reply.fields["x-tries"] = std::to_string(tries);
            return reply;
        }
        pause(asked_pause_ms(reply, pause_ms), cancel);
    }
}

std::optional<Fetched> Bucket::get(const std::string& key, Cancel cancel) {
    HttpReply reply = send("GET", key, {}, "", {}, cancel);
    if (reply.status == 404) {
        // A bucket that is gone is no document that is missing.
        const std::string code = xml_text(reply.body, "Code");
        if (code == "NoSuchKey") return std::nullopt;
    }
    check_reply(reply, key);
    Fetched found;
    found.object.key = key;
    found.object.etag = without_quotes(reply.field("etag"));
    found.object.size = reply.body.size();
    found.object.modified_ms = http_date_ms(reply.field("last-modified"));
    found.content_type = reply.field("content-type");
    found.body = std::move(reply.body);
    return found;
}

std::optional<std::string> Bucket::put(const std::string& key,
                                       std::string_view body,
                                       std::string_view content_type,
                                       const Condition& condition,
                                       Cancel cancel) {
    Fields more{{"content-type", std::string(content_type)}};
    if (condition.kind == Condition::Kind::kNone) more.emplace_back("if-none-match", "*");
    if (condition.kind == Condition::Kind::kEtag) {
        const std::string etag = quoted_ ? '"' + condition.etag + '"' : condition.etag;
        more.emplace_back("if-match", etag);
    }
    const HttpReply reply = send("PUT", key, {}, body, more, cancel);
    if (reply.status == 501) throw store_failure(PARLEY_E_UNSUPPORTED, "no conditional writes");
    const bool vanished = condition.kind == Condition::Kind::kEtag && reply.status == 404 &&
                          xml_text(reply.body, "Code") == "NoSuchKey";
    if (reply.status == 412 || reply.status == 409 || vanished) {
        // What stands in the way may be what an earlier try of this call has written.
        std::string etag;
        if (reply.fields.contains("x-tries") && is_own(key, body, etag, cancel)) return etag;
        return std::nullopt;
    }
    check_reply(reply, key);
    return without_quotes(reply.field("etag"));
}

bool Bucket::is_own(const std::string& key,
                    std::string_view body,
                    std::string& etag,
                    Cancel cancel) {
    const auto found = get(key, cancel);
    if (!found || found->body != body) return false;
    etag = found->object.etag;
    return true;
}

void Bucket::remove(const std::string& key, Cancel cancel) {
    const HttpReply reply = send("DELETE", key, {}, "", {}, cancel);
    if (reply.status != 404) check_reply(reply, key);
}

Listing Bucket::list(const std::string& prefix,
                     const std::string& after,
                     uint64_t limit,
                     Cancel cancel) {
    constexpr uint64_t kMost = 1000;
    Query query{{"list-type", "2"},
                {"prefix", prefix},
                {"max-keys", std::to_string(std::min(limit, kMost))}};
    if (!after.empty()) query.emplace_back("start-after", after);
    const HttpReply reply = send("GET", "", std::move(query), "", {}, cancel);
    check_reply(reply, "list");
    if (reply.body.find("</ListBucketResult>") == reply.body.npos) {
        throw store_failure(PARLEY_E_CORRUPT_STATE, "list: half an answer");
    }
    Listing listing;
    listing.is_last = xml_text(reply.body, "IsTruncated") != "true";
    for (const std::string_view item : xml_elements(reply.body, "Contents")) {
        Object object;
        object.key = xml_text(item, "Key");
        object.etag = without_quotes(xml_text(item, "ETag"));
        const std::string size = xml_text(item, "Size");
        std::from_chars(size.data(), size.data() + size.size(), object.size);
        object.modified_ms = iso_date_ms(xml_text(item, "LastModified"));
        listing.objects.push_back(std::move(object));
    }
    return listing;
}

}  // namespace parley::store_s3
