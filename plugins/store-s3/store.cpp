#include "store.hpp"

#include <algorithm>
#include <cstdlib>

#include <curl/curl.h>

#include "object.hpp"
#include "parley/sdk/settings.hpp"
#include "position.hpp"

namespace parley::store_s3 {

using sdk::Cancel;
using sdk::store_failure;
using sdk::view;

const std::string_view kSchema = R"json({
  "type": "object",
  "additionalProperties": false,
  "required": ["bucket"],
  "properties": {
    "bucket": {
      "type": "string", "minLength": 3, "maxLength": 63, "pattern": "^[A-Za-z0-9._-]+$",
      "x-place": true,
      "description": "its name alone; it must exist"
    },
    "prefix": {
      "type": "string", "default": "parley/", "maxLength": 200, "x-place": true,
      "description": "what all keys of objects begin with; a store of its own for each"
    },
    "region": {
      "type": "string", "default": "us-east-1", "pattern": "^[A-Za-z0-9_-]+$",
      "description": "of the signature"
    },
    "endpoint": {
      "type": "string", "default": "", "x-place": true,
      "description": "http[s]://host[:port] of a compatible server; empty: AWS in that region"
    },
    "addressing": {
      "type": "string", "enum": ["auto", "path", "virtual"], "default": "auto",
      "description": "host/bucket/key or bucket.host/key; auto: virtual at AWS, path elsewhere"
    },
    "access_key": {
      "type": "string", "default": "", "description": "empty: AWS_ACCESS_KEY_ID"
    },
    "secret_key": {
      "type": "string", "default": "", "x-secret": true,
      "description": "empty: AWS_SECRET_ACCESS_KEY"
    },
    "session_token": {
      "type": "string", "default": "", "x-secret": true,
      "description": "of temporary keys; empty: AWS_SESSION_TOKEN, when the keys are from there too"
    },
    "tls_ca_file": {
      "type": "string", "default": "", "description": "certificates that vouch for the server"
    },
    "timeout_ms": {
      "type": "integer", "minimum": 100, "maximum": 600000, "default": 10000,
      "description": "how long one request may take"
    },
    "value_bytes_max": {
      "type": "integer", "minimum": 1048576, "maximum": 1073741824, "default": 16777216,
      "description": "the largest value of a document"
    },
    "poll_interval_ms": {
      "type": "integer", "minimum": 10, "maximum": 3600000, "default": 10000,
      "description": "how often changes are asked for; each time lists all documents"
    }
  }
})json";

namespace {

constexpr std::string_view kDocuments = "documents/";

std::string or_environment(std::string text, const char* name) {
    const char* value = text.empty() ? std::getenv(name) : nullptr;
    return value == nullptr ? text : std::string(value);
}

Place place_of(const sdk::Settings& settings) {
    Place place;
    place.bucket = settings.text("bucket");
    place.region = settings.text("region");
    std::string endpoint = settings.text("endpoint");
    const bool is_aws = endpoint.empty();
    if (is_aws) endpoint = "https://s3." + place.region + ".amazonaws.com";
    const std::size_t colon = endpoint.find("://");
    place.scheme = endpoint.substr(0, std::min(colon, endpoint.size()));
    if (colon != endpoint.npos) place.host = endpoint.substr(colon + 3);
    while (place.host.ends_with('/')) place.host.pop_back();
    const bool is_http = place.scheme == "http" || place.scheme == "https";
    if (!is_http || place.host.empty() || place.host.find_first_of("/?#@") != place.host.npos) {
        throw sdk::Failure(PARLEY_E_CONFIG, "endpoint: http[s]://host[:port] was expected");
    }
    const std::string addressing = settings.text("addressing");
    place.virtual_host = addressing == "virtual" || (addressing == "auto" && is_aws);
    return place;
}

[[noreturn]] void conflict(const parley_write& write, uint64_t in_force, parley_written& out) {
    out.revision = in_force;
    throw store_failure(PARLEY_E_CONFLICT,
                        '"' + std::string(view(write.key)) + "\" is not of that revision");
}

}  // namespace

uint64_t Store::There::revision_of(std::string_view etag) {
    return revision_of_etag(etag);
}

void Store::configure(std::string_view json) {
    const sdk::Settings settings(json);
    place_ = place_of(settings);
    prefix_ = settings.text("prefix");
    const bool own_keys = !settings.text("access_key").empty();
    credentials_.access_key = or_environment(settings.text("access_key"), "AWS_ACCESS_KEY_ID");
    credentials_.secret_key = or_environment(settings.text("secret_key"), "AWS_SECRET_ACCESS_KEY");
    credentials_.session_token = settings.text("session_token");
    if (!own_keys) {
        credentials_.session_token =
            or_environment(std::move(credentials_.session_token), "AWS_SESSION_TOKEN");
    }
    limits_.timeout_ms = settings.count("timeout_ms");
    limits_.tls_ca_file = settings.text("tls_ca_file");
    value_bytes_max_ = settings.count("value_bytes_max");
    constexpr uint64_t kBeside = 4 * 1024 * 1024;  // the largest list, and an object's first line
    limits_.reply_bytes_max = value_bytes_max_ + kBeside;
    poll_interval_ms_ = settings.count("poll_interval_ms");
}

void Store::open(const parley_watcher&, Cancel cancel, parley_store_facts& out) {
    if (credentials_.access_key.empty() || credentials_.secret_key.empty()) {
        throw store_failure(PARLEY_E_FORBIDDEN,
                            "no access_key and secret_key, and no AWS_ACCESS_KEY_ID and "
                            "AWS_SECRET_ACCESS_KEY in the environment");
    }
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != 0) {
        throw store_failure(PARLEY_E_INTERNAL, "libcurl cannot be set up");
    }
    bucket_.open(place_, credentials_, limits_);
    bucket_.list(prefix_ + std::string(kDocuments), "", 1, cancel);
    has_conditions_ = find_conditions(cancel);
    writer_.reset();
    if (!has_conditions_) {
        writer_.emplace(bucket_, prefix_ + "writer");
        sdk::log(host_,
                 PARLEY_LOG_WARN,
                 place_.host + ": no conditional writes; only one Parley may write to this bucket");
    }
    out.capabilities = PARLEY_STORE_WATCH_POLL | PARLEY_STORE_DURABLE |
                       (has_conditions_ ? PARLEY_STORE_CAS | PARLEY_STORE_LEASE : 0);
    out.parallel_reads = out.parallel_writes = 8;
    out.value_max = value_bytes_max_;
    out.poll_interval_ms = poll_interval_ms_;
}

void Store::close() noexcept {
    held_.give_back(host_, [this](const sdk::LeaseAsk& ask) {
        Lease lease = read_lease(ask.name, sdk::never_cancelled());
        if (lease.token != ask.token) return;
        lease.owner.clear();
        write_lease(ask.name, lease, sdk::never_cancelled());
    });
    try {
        if (writer_) writer_->give_back(sdk::never_cancelled());
    } catch (const std::exception& fault) {
        sdk::log(
            host_, PARLEY_LOG_WARN, std::string("writing was not given back: ") + fault.what());
    }
    bucket_.close();
}

// What a server does with conditions is seen on an object of our own: some ignore them, some
// compare ETags without their quotes.
bool Store::find_conditions(Cancel cancel) {
    const std::string object = prefix_ + "probe/" + document_object("").substr(16, 16);
    bool held = false;
    for (const bool quoted : {true, false}) {
        bucket_.quote_conditions(quoted);
        held = holds_conditions(object, cancel);
        if (held) break;
    }
    bucket_.remove(object, cancel);
    return held;
}

bool Store::holds_conditions(const std::string& object, Cancel cancel) {
    const auto put = [&](Condition::Kind kind, std::string etag) {
        return bucket_.put(
            object, document_object(""), "text/plain", {kind, std::move(etag)}, cancel);
    };
    try {
        const auto first = put(Condition::Kind::kAny, "");
        if (put(Condition::Kind::kNone, "")) return false;
        if (put(Condition::Kind::kEtag, "00000000000000000000000000000000")) return false;
        return put(Condition::Kind::kEtag, *first).has_value();
    } catch (const sdk::Failure& failure) {
        if (failure.error_class == PARLEY_E_UNSUPPORTED) return false;
        throw;
    }
}

std::string Store::object_of(std::string_view key) const {
    return prefix_ + std::string(kDocuments) + std::string(key);
}

Store::There Store::look(const std::string& object, Cancel cancel) {
    const auto found = bucket_.get(object, cancel);
    if (!found) return {};
    return {found->object.etag, object_value(found->body).has_value()};
}

void Store::get(std::string_view key, sdk::Arena& arena, Cancel cancel, parley_document& out) {
    const auto found = bucket_.get(object_of(key), cancel);
    const auto value = found ? object_value(found->body) : std::nullopt;
    if (!value) sdk::not_found(key);
    out.key = arena.copy(key);
    out.value = sdk::bytes(view(arena.copy(*value)));
    out.content_type = arena.copy(found->content_type);
    out.revision = revision_of_etag(found->object.etag);
    out.modified_ms = found->object.modified_ms;
}

void Store::list(const sdk::ListAsk& ask, sdk::Arena& arena, Cancel cancel, parley_page& out) {
    sdk::PageWriter page(arena, ask.limit);
    std::string last = ask.cursor.empty() ? std::string() : object_of(ask.cursor);
    for (;;) {
        const Listing listing = bucket_.list(object_of(ask.prefix), last, 1000, cancel);
        for (const Object& object : listing.objects) {
            if (page.is_full()) {
                return page.finish(last.substr(object_of("").size()), out);
            }
            fill(object, ask.values, page, cancel);
            last = object.key;
        }
        if (listing.is_last || listing.objects.empty()) return page.finish("", out);
    }
}

// Objects that are no documents, by removal or by their key, are left out.
bool Store::fill(const Object& object, bool value, sdk::PageWriter& page, Cancel cancel) {
    const std::string_view key = std::string_view(object.key).substr(object_of("").size());
    if (!sdk::is_key(key)) return false;
    if (!value) {
        if (is_removal(object, cancel)) return false;
        parley_document& document = page.add(key);
        page.value(document, "", "application/json");
        document.revision = revision_of_etag(object.etag);
        document.modified_ms = object.modified_ms;
        return true;
    }
    const auto found = bucket_.get(object.key, cancel);
    const auto text = found ? object_value(found->body) : std::nullopt;
    if (!text) return false;
    parley_document& document = page.add(key);
    page.value(document, *text, found->content_type);
    document.revision = revision_of_etag(found->object.etag);
    document.modified_ms = found->object.modified_ms;
    return true;
}

// By its size; whether it really is one is looked up once.
bool Store::is_removal(const Object& object, Cancel cancel) {
    constexpr std::size_t kKnownMax = 20'000;
    if (object.size != removed_size()) return false;
    {
        const std::lock_guard guard(removals_mutex_);
        const auto known = removals_.find(object.etag);
        if (known != removals_.end()) return known->second;
    }
    const There there = look(object.key, cancel);
    const std::lock_guard guard(removals_mutex_);
    if (removals_.size() >= kKnownMax) removals_.clear();
    if (!there.etag.empty()) removals_[there.etag] = !there.is_document;
    return !there.is_document;
}

void Store::put(const parley_write& write, Cancel cancel, parley_written& out) {
    sdk::check_value(write, value_bytes_max_);
    out.revision = this->write(write, document_object(view(write.value)), cancel, out);
}

void Store::remove(const parley_write& write, Cancel cancel, parley_written& out) {
    const There there = look(object_of(view(write.key)), cancel);
    sdk::check_expected(write, there.revision(), out);
    // A removal that nobody needs is not written.
    if (there.is_document) this->write(write, removed_object(), cancel, out);
}

uint64_t Store::write(const parley_write& write,
                      const std::string& body,
                      Cancel cancel,
                      parley_written& out) {
    constexpr int kRaces = 8;
    if (writer_) writer_->claim(cancel);
    const std::string object = object_of(view(write.key));
    const std::string type =
        write.content_type.len == 0 ? "application/json" : std::string(view(write.content_type));
    Condition condition;
    for (int tries = 0; tries < kRaces; ++tries) {
        if (write.expected != PARLEY_REVISION_ANY) {
            const There there = look(object, cancel);
            if (write.expected != there.revision()) conflict(write, there.revision(), out);
            condition.kind = there.etag.empty() ? Condition::Kind::kNone : Condition::Kind::kEtag;
            condition.etag = there.etag;
            // Nobody else may write then.
            if (!has_conditions_) condition = {};
        }
        const auto etag = bucket_.put(object, body, type, condition, cancel);
        if (etag) return revision_of_etag(*etag);
    }
    throw store_failure(PARLEY_E_OVERLOADED, "others write this document all the time", 100);
}

void Store::poll(const sdk::PollAsk& ask, sdk::Arena& arena, Cancel cancel, parley_changes& out) {
    std::vector<Object> all;
    for (std::string last;;) {
        Listing listing = bucket_.list(object_of(""), last, 1000, cancel);
        if (!listing.objects.empty()) last = listing.objects.back().key;
        const bool is_last = listing.is_last || listing.objects.empty();
        std::move(listing.objects.begin(), listing.objects.end(), std::back_inserter(all));
        if (is_last) break;
    }
    std::vector<std::string> keys;
    if (!ask.position.empty()) {
        const auto since = Position::read(ask.position);
        out.reset = since ? 0 : 1;
        for (const Object& object : all) {
            const std::string_view key = std::string_view(object.key).substr(object_of("").size());
            const bool is_asked = key.starts_with(ask.prefix) && sdk::is_key(key);
            if (is_asked && since && since->is_news(object)) keys.emplace_back(key);
        }
    }
    sdk::tell_changes(arena, keys, Position::behind(all).text(), out);
}

void Store::health(Cancel cancel) {
    bucket_.list(object_of(""), "", 1, cancel);
}

}  // namespace parley::store_s3
