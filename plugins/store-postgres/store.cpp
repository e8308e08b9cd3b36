#include "store.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>

#include "address.hpp"
#include "parley/sdk/settings.hpp"
#include "schema.hpp"

namespace parley::store_postgres {

using sdk::Cancel;
using sdk::store_failure;
using sdk::view;

const std::string_view kSchema = R"json({
  "type": "object",
  "additionalProperties": false,
  "properties": {
    "url": {
      "type": "string", "default": "", "x-secret": true, "x-place": true,
      "description": "postgresql://user@host/database; the rest as libpq finds it, see the README"
    },
    "schema": {
      "type": "string", "default": "parley",
      "pattern": "^[A-Za-z_][A-Za-z0-9_-]*$", "maxLength": 63, "x-place": true,
      "description": "the schema of the tables, made when it is missing"
    },
    "tls_mode": {
      "type": "string", "default": "",
      "enum": ["", "disable", "allow", "prefer", "require", "verify-ca", "verify-full"],
      "description": "libpq's sslmode; empty: as the url says"
    },
    "tls_ca_file": {
      "type": "string", "default": "",
      "description": "certificates that vouch for the server"
    },
    "tls_cert_file": {
      "type": "string", "default": "", "description": "the client's certificate"
    },
    "tls_key_file": {
      "type": "string", "default": "", "description": "the key of the client's certificate"
    },
    "connections": {
      "type": "integer", "minimum": 1, "maximum": 64, "default": 4,
      "description": "the most connections at a time, beside one that listens"
    },
    "timeout_ms": {
      "type": "integer", "minimum": 100, "maximum": 600000, "default": 10000,
      "description": "how long one call may take"
    },
    "value_bytes_max": {
      "type": "integer", "minimum": 1048576, "maximum": 268435456, "default": 16777216,
      "description": "the largest value of a document"
    },
    "poll_interval_ms": {
      "type": "integer", "minimum": 10, "maximum": 3600000, "default": 5000,
      "description": "how often changes are asked for when no notification comes"
    },
    "removed_kept_days": {
      "type": "integer", "minimum": 1, "maximum": 3650, "default": 30,
      "description": "how long a removal is told to those who come back"
    }
  }
})json";

namespace {

constexpr int64_t kNowhere = std::numeric_limits<int64_t>::max();

// Revisions as the server has them: no document has the last one.
int64_t border_revision(uint64_t expected) {
    if (expected == PARLEY_REVISION_ANY) return -1;
    return static_cast<int64_t>(std::min<uint64_t>(expected, kNowhere));
}

// A renewal or a return that a crash of the server undoes makes a lease end sooner or later, within
// its own time. So nobody waits for the disk: many are held at a time, and each renewed.
constexpr std::string_view kRenew =
    "WITH quick AS (SELECT set_config('synchronous_commit', 'off', true) AS said) "
    "UPDATE $schema$.leases SET expires = clock_timestamp() + $3::int8 * interval '1 ms' "
    "FROM quick WHERE said = 'off' "
    "AND name = $1 AND token = $2::int8 AND expires > clock_timestamp() RETURNING token";

constexpr std::string_view kRelease =
    "WITH quick AS (SELECT set_config('synchronous_commit', 'off', true) AS said) "
    "UPDATE $schema$.leases SET owner = '', expires = '-infinity' "
    "FROM quick WHERE said = 'off' AND name = $1 AND token = $2::int8";

Parameters name_and_token(const sdk::LeaseAsk& ask) {
    return Parameters().text(ask.name).number(static_cast<int64_t>(ask.token));
}

}  // namespace

void Store::configure(std::string_view json) {
    const sdk::Settings settings(json);
    check_url(settings.text("url"));
    options_ = {{"application_name", "parley"},
                {"target_session_attrs", "primary"},
                {"keepalives_idle", "10"},
                {"keepalives_interval", "5"},
                {"keepalives_count", "3"},
                {"dbname", settings.text("url")},
                {"client_encoding", "UTF8"}};
    for (const auto& [name, option] : {std::pair{"tls_mode", "sslmode"},
                                       std::pair{"tls_ca_file", "sslrootcert"},
                                       std::pair{"tls_cert_file", "sslcert"},
                                       std::pair{"tls_key_file", "sslkey"}}) {
        if (std::string text = settings.text(name); !text.empty()) {
            options_.emplace_back(option, std::move(text));
        }
    }
    schema_name_ = settings.text("schema");
    connections_ = settings.count("connections");
    timeout_ms_ = settings.count("timeout_ms");
    value_bytes_max_ = settings.count("value_bytes_max");
    poll_interval_ms_ = settings.count("poll_interval_ms");
    removed_kept_days_ = settings.count("removed_kept_days");
}

void Store::open(const parley_watcher& watcher, Cancel cancel, parley_store_facts& out) {
    watcher_ = &watcher;
    const std::string limit = std::to_string(timeout_ms_);
    // A process that stops in the middle of a transaction must not keep others from writing.
    pool_.open(options_,
               "SET default_transaction_isolation = 'read committed';"
               "SET statement_timeout = " +
                   limit +
                   ";"
                   "SET lock_timeout = " +
                   limit +
                   ";"
                   "SET idle_in_transaction_session_timeout = " +
                   limit,
               connections_,
               timeout_ms_);
    bool durable = false;
    pool_.use(Again::kYes, cancel, [&](Connection& connection, Deadline deadline) {
        schema_ = connection.quote(schema_name_);
        const Rows encoding =
            connection.run("SELECT current_setting('server_encoding')", {}, deadline, cancel);
        if (encoding.text(0, 0) != "UTF8") {
            throw store_failure(PARLEY_E_INTERNAL,
                                "the database's encoding is " + std::string(encoding.text(0, 0)) +
                                    "; UTF8 was expected");
        }
        prepare_schema(connection, schema_name_, deadline, cancel);
        forget_removed(connection, deadline, cancel);
        durable = is_durable(connection, deadline, cancel);
    });
    out.capabilities = PARLEY_STORE_CAS | PARLEY_STORE_BATCH | PARLEY_STORE_WATCH_POLL |
                       PARLEY_STORE_WATCH_PUSH | PARLEY_STORE_LEASE |
                       (durable ? PARLEY_STORE_DURABLE : 0);
    out.parallel_reads = out.parallel_writes = static_cast<uint32_t>(connections_);
    out.value_max = value_bytes_max_;
    out.poll_interval_ms = poll_interval_ms_;
}

// A server that may take no writes now keeps them a little longer.
void Store::forget_removed(Connection& connection, Deadline deadline, Cancel cancel) {
    const Rows writable =
        connection.run("SELECT (current_setting('transaction_read_only') = 'off')::int::int8",
                       {},
                       deadline,
                       cancel);
    if (writable.number(0, 0) == 0) return;
    connection.run(sql("WITH gone AS (DELETE FROM $schema$.removed "
                       "  WHERE removed < now() - $1::int8 * interval '1 day' RETURNING revision) "
                       "UPDATE $schema$.about SET floor = greatest(floor, last.revision) "
                       "FROM (SELECT max(revision) AS revision FROM gone) last "
                       "WHERE last.revision IS NOT NULL"),
                   Parameters().number(static_cast<int64_t>(removed_kept_days_)),
                   deadline,
                   cancel);
}

bool Store::is_durable(Connection& connection, Deadline deadline, Cancel cancel) const {
    const Rows found = connection.run(
        "SELECT (current_setting('fsync') = 'on' AND "
        "current_setting('synchronous_commit') <> 'off')::int::int8",
        {},
        deadline,
        cancel);
    const bool durable = found.number(0, 0) != 0;
    if (!durable) {
        sdk::log(host_,
                 PARLEY_LOG_WARN,
                 "the server's fsync or synchronous_commit is off: a crash of it may undo writes");
    }
    return durable;
}

void Store::close() noexcept {
    held_.give_back(host_, [this](const sdk::LeaseAsk& ask) {
        run(Again::kNo, kRelease, name_and_token(ask), sdk::never_cancelled());
    });
    pool_.close();
    listener_.reset();
}

std::string Store::sql(std::string_view text) const {
    return in_schema(schema_, text);
}

Rows Store::run(Again again, std::string_view text, const Parameters& parameters, Cancel cancel) {
    Rows rows(nullptr);
    pool_.use(again, cancel, [&](Connection& connection, Deadline deadline) {
        rows = connection.run(sql(text), parameters, deadline, cancel);
    });
    return rows;
}

void Store::get(std::string_view key, sdk::Arena& arena, Cancel cancel, parley_document& out) {
    const Rows found = run(Again::kYes,
                           "SELECT value, content_type, revision, "
                           "(extract(epoch FROM modified) * 1000)::int8 "
                           "FROM $schema$.documents WHERE key = $1",
                           Parameters().text(key),
                           cancel);
    if (found.count() == 0) sdk::not_found(key);
    out.key = arena.copy(key);
    out.value = sdk::bytes(view(arena.copy(found.text(0, 0))));
    out.content_type = arena.copy(found.text(0, 1));
    out.revision = static_cast<uint64_t>(found.number(0, 2));
    out.modified_ms = found.number(0, 3);
}

void Store::list(const sdk::ListAsk& ask, sdk::Arena& arena, Cancel cancel, parley_page& out) {
    constexpr int64_t kPageMax = 1000;
    constexpr int64_t kPageBytes = 4 * 1024 * 1024;
    const auto limit = static_cast<int64_t>(std::min<uint64_t>(ask.limit, kPageMax));
    const Rows found =
        run(Again::kYes,
            "SELECT key, CASE WHEN before < $5::int8 THEN value END, content_type, revision, "
            "modified FROM (SELECT key, CASE WHEN $4::int8 = 1 THEN value ELSE '' END AS value, "
            "content_type, revision, (extract(epoch FROM modified) * 1000)::int8 AS modified, "
            "$4::int8 * (sum(octet_length(value)) OVER (ORDER BY key) - octet_length(value)) "
            "AS before FROM $schema$.documents "
            "WHERE key > $1 AND key >= $2 AND starts_with(key, $2) ORDER BY key LIMIT $3::int8) "
            "AS page ORDER BY key",
            Parameters()
                .text(ask.cursor)
                .text(ask.prefix)
                .number(limit + 1)
                .number(ask.values ? 1 : 0)
                .number(kPageBytes),
            cancel);
    sdk::PageWriter page(arena, static_cast<uint64_t>(limit));
    int row = 0;
    for (; row < found.count() && !page.is_full() && !found.is_null(row, 1); ++row) {
        parley_document& document = page.add(found.text(row, 0));
        page.value(document, found.text(row, 1), found.text(row, 2));
        document.revision = static_cast<uint64_t>(found.number(row, 3));
        document.modified_ms = found.number(row, 4);
    }
    page.finish(row == found.count() ? "" : found.text(row - 1, 0), out);
}

void Store::put(const parley_write& write, Cancel cancel, parley_written& out) {
    const parley_write* one = &write;
    uint64_t revision = 0;
    this->write({&one, 1}, cancel, out, {&revision, 1});
    out.revision = revision;
}

void Store::remove(const parley_write& write, Cancel cancel, parley_written& out) {
    const parley_write* one = &write;
    uint64_t revision = 0;
    this->write({&one, 1}, cancel, out, {&revision, 1});
}

void Store::batch(std::span<const parley_write* const> writes, Cancel cancel, parley_written& out) {
    constexpr std::size_t kWritesMax = 10'000;  // a statement has 65,535 parameters at most
    if (writes.empty()) return;
    if (writes.size() > kWritesMax) {
        throw store_failure(PARLEY_E_TOO_LARGE, "batch: more than 10000 writes");
    }
    write(writes, cancel, out, {out.revisions, writes.size()});
}

void Store::write(std::span<const parley_write* const> writes,
                  Cancel cancel,
                  parley_written& out,
                  std::span<uint64_t> revisions) {
    Parameters parameters;
    std::array<std::string, 5> lists;
    const auto name = [&](std::size_t list, std::string_view type) {
        lists[list] += (lists[list].empty() ? "" : ",") + parameters.next().append(type);
    };
    for (const parley_write* write : writes) {
        sdk::check_value(*write, value_bytes_max_);
        name(0, "::int");
        parameters.number(write->kind);
        name(1, "::text");
        parameters.text(view(write->key));
        name(2, "::bytea");
        parameters.bytes(view(write->value));
        name(3, "::text");
        parameters.text(write->content_type.len == 0 ? "application/json"
                                                     : view(write->content_type));
        name(4, "::int8");
        parameters.number(border_revision(write->expected));
    }
    std::string call = "SELECT place, in_force, fits FROM $schema$.store_write(";
    for (std::size_t i = 0; i < lists.size(); ++i) {
        call += (i == 0 ? "ARRAY[" : ", ARRAY[") + lists[i] + ']';
    }
    const Rows done = run(Again::kNo, call + ')', parameters, cancel);
    for (int row = 0; row < done.count(); ++row) {
        const auto place = static_cast<std::size_t>(done.number(row, 0));
        const auto revision = static_cast<uint64_t>(done.number(row, 1));
        if (done.number(row, 2) == 0) {
            out.at = place;
            out.revision = revision;
            throw store_failure(
                PARLEY_E_CONFLICT,
                '"' + std::string(view(writes[place]->key)) + "\" is not of that revision");
        }
        revisions[place] = revision;
    }
}

void Store::poll(const sdk::PollAsk& ask, sdk::Arena& arena, Cancel cancel, parley_changes& out) {
    const std::size_t colon = ask.position.rfind(':');
    const std::string_view epoch = ask.position.substr(0, std::min(colon, ask.position.size()));
    int64_t since = kNowhere;
    if (colon != ask.position.npos) {
        const std::string_view number = ask.position.substr(colon + 1);
        const auto read = std::from_chars(number.data(), number.data() + number.size(), since);
        if (read.ec != std::errc() || read.ptr != number.data() + number.size()) since = kNowhere;
    }
    // One statement, so that what it tells is of one moment.
    const Rows found =
        run(Again::kYes,
            "SELECT NULL::text, greatest((SELECT max(revision) FROM $schema$.documents), "
            "(SELECT max(revision) FROM $schema$.removed), floor)::int8, floor, epoch "
            "FROM $schema$.about UNION ALL "
            "SELECT key, revision, 0, '' FROM $schema$.documents "
            "WHERE revision > $1::int8 AND starts_with(key, $2) UNION ALL "
            "SELECT key, revision, 0, '' FROM $schema$.removed "
            "WHERE revision > $1::int8 AND starts_with(key, $2)",
            Parameters().number(since).text(ask.prefix),
            cancel);
    std::vector<std::string> keys;
    int64_t last = 0;
    int64_t floor = 0;
    std::string_view here;
    for (int row = 0; row < found.count(); ++row) {
        if (!found.is_null(row, 0)) {
            keys.emplace_back(found.text(row, 0));
            continue;
        }
        last = found.number(row, 1);
        floor = found.number(row, 2);
        here = found.text(row, 3);
    }
    // A database that was put back to an earlier day has not come as far as the position.
    const bool known = epoch == here && since >= floor && since <= last;
    out.reset = known || ask.position.empty() ? 0 : 1;
    if (out.reset != 0) keys.clear();
    sdk::tell_changes(arena, keys, std::string(here) + ':' + std::to_string(last), out);
}

void Store::listen(Cancel cancel) {
    auto listener = pool_.connect(cancel);
    const Deadline deadline =
        std::chrono::steady_clock::now() + std::chrono::milliseconds(timeout_ms_);
    const Rows oid = listener->run("SELECT $1::regclass::oid::int8",
                                   Parameters().text(schema_ + ".documents"),
                                   deadline,
                                   cancel);
    listener->run_all("LISTEN parley_" + std::to_string(oid.number(0, 0)), deadline, cancel);
    listener_ = std::move(listener);
}

bool Store::watch(Cancel cancel) {
    const std::lock_guard guard(listener_mutex_);
    if (listener_ == nullptr) {
        listen(cancel);
        // Whatever came while nobody listened.
        watcher_->changed(watcher_, sdk::str(""));
        return true;
    }
    try {
        const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(1);
        const auto key = listener_->wait_for_notification(limit, cancel);
        if (!key) return false;
        watcher_->changed(watcher_, sdk::str(*key));
        return true;
    } catch (const Broken&) {
        listener_.reset();
        throw;
    }
}

void Store::lease(const sdk::LeaseAsk& ask, Cancel cancel, parley_lease& out) {
    constexpr uint64_t kUnknownMs = 100;
    const Rows rows =
        run(Again::kNo,
            "WITH taken AS (INSERT INTO $schema$.leases AS l "
            "VALUES ($1, $2, 1, clock_timestamp() + $3::int8 * interval '1 ms') "
            "ON CONFLICT (name) DO UPDATE SET owner = excluded.owner, expires = excluded.expires, "
            "token = l.token + (l.owner <> excluded.owner OR l.expires <= clock_timestamp())::int "
            "WHERE l.owner = excluded.owner OR l.expires <= clock_timestamp() RETURNING token) "
            "SELECT token, $3::int8 FROM taken UNION ALL SELECT 0, "
            "(extract(epoch FROM expires - clock_timestamp()) * 1000)::int8 FROM $schema$.leases "
            "WHERE name = $1 AND expires > clock_timestamp() AND NOT EXISTS (SELECT FROM taken)",
            Parameters().text(ask.name).text(ask.owner).number(sdk::ttl_of(ask)),
            cancel);
    if (rows.count() == 0 || rows.number(0, 0) == 0) {
        const int64_t left = rows.count() == 0 ? 0 : rows.number(0, 1);
        out.expires_in_ms = left > 0 ? static_cast<uint64_t>(left) : kUnknownMs;
        sdk::lease_conflict(ask);
    }
    out.token = static_cast<uint64_t>(rows.number(0, 0));
    out.expires_in_ms = static_cast<uint64_t>(rows.number(0, 1));
    held_.add(ask.name, out.token);
}

void Store::renew(const sdk::LeaseAsk& ask, Cancel cancel, parley_lease& out) {
    const Rows rows =
        run(Again::kYes, kRenew, name_and_token(ask).number(sdk::ttl_of(ask)), cancel);
    if (rows.count() == 0) sdk::lease_conflict(ask);
    out.token = ask.token;
    out.expires_in_ms = static_cast<uint64_t>(sdk::ttl_of(ask));
}

void Store::release(const sdk::LeaseAsk& ask, Cancel cancel) {
    run(Again::kYes, kRelease, name_and_token(ask), cancel);
    held_.drop(ask.name, ask.token);
}

void Store::health(Cancel cancel) {
    const Rows found = run(Again::kYes,
                           "SELECT (current_setting('transaction_read_only') = 'on')::int::int8 "
                           "FROM $schema$.about",
                           {},
                           cancel);
    if (found.count() == 1 && found.number(0, 0) == 0) return;
    throw store_failure(PARLEY_E_OVERLOADED, "the server takes no writes now", 1000);
}

}  // namespace parley::store_postgres
