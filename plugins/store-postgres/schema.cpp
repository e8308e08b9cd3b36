#include "schema.hpp"

#include <array>

namespace parley::store_postgres {

using sdk::Cancel;
using sdk::store_failure;

namespace {

// Writers take turns in `store_write`, so that revisions become visible in their order: who has
// seen one has seen all before it. (Notifications make them take turns at their commit in any
// case.)
constexpr std::string_view kFirstVersion = R"sql(
CREATE TABLE $schema$.about (
    version bigint NOT NULL,
    epoch text NOT NULL,            -- positions of another one say nothing here
    floor bigint NOT NULL DEFAULT 0 -- positions before it are too old
);
INSERT INTO $schema$.about (version, epoch) VALUES (1, gen_random_uuid()::text);
CREATE SEQUENCE $schema$.revisions;
CREATE TABLE $schema$.documents (
    key text COLLATE "C" PRIMARY KEY,
    value bytea NOT NULL,
    content_type text NOT NULL,
    revision bigint NOT NULL UNIQUE,
    modified timestamptz NOT NULL
);
CREATE TABLE $schema$.removed (
    key text COLLATE "C" PRIMARY KEY,
    revision bigint NOT NULL UNIQUE,
    removed timestamptz NOT NULL
);
CREATE TABLE $schema$.leases (
    name text COLLATE "C" PRIMARY KEY,
    owner text NOT NULL,            -- empty: nobody
    token bigint NOT NULL,
    expires timestamptz NOT NULL
);
-- One row for each write, or one row that does not fit: the write that stood in the way.
CREATE FUNCTION $schema$.store_write(kinds int[], keys text[], vals bytea[], types text[],
                                     expected bigint[])
RETURNS TABLE (place bigint, in_force bigint, fits bigint) LANGUAGE plpgsql AS $write$
DECLARE
    count int := coalesce(array_length(keys, 1), 0);
    present bigint;
    next bigint;
    changed text;
    changes int := 0;
BEGIN
    PERFORM pg_advisory_xact_lock(1885434217, '$schema$.documents'::regclass::oid::int);
    FOR i IN 1 .. count LOOP
        SELECT d.revision INTO present FROM $schema$.documents d WHERE d.key = keys[i];
        IF expected[i] <> -1 AND
           (expected[i] <> coalesce(present, 0) OR (kinds[i] = 2 AND present IS NULL)) THEN
            RETURN QUERY SELECT (i - 1)::bigint, coalesce(present, 0), 0::bigint;
            RETURN;
        END IF;
    END LOOP;
    FOR i IN 1 .. count LOOP
        IF kinds[i] = 1 THEN
            next := nextval('$schema$.revisions');
            INSERT INTO $schema$.documents AS d
                VALUES (keys[i], vals[i], types[i], next, clock_timestamp())
                ON CONFLICT (key) DO UPDATE SET value = excluded.value,
                    content_type = excluded.content_type, revision = excluded.revision,
                    modified = excluded.modified;
            DELETE FROM $schema$.removed r WHERE r.key = keys[i];
            changes := changes + 1;
            changed := keys[i];
            RETURN QUERY SELECT (i - 1)::bigint, next, 1::bigint;
        ELSE
            DELETE FROM $schema$.documents d WHERE d.key = keys[i];
            IF FOUND THEN
                INSERT INTO $schema$.removed AS r
                    VALUES (keys[i], nextval('$schema$.revisions'), clock_timestamp())
                    ON CONFLICT (key) DO UPDATE SET revision = excluded.revision,
                        removed = excluded.removed;
                changes := changes + 1;
                changed := keys[i];
            END IF;
            RETURN QUERY SELECT (i - 1)::bigint, 0::bigint, 1::bigint;
        END IF;
    END LOOP;
    IF changes > 0 THEN
        PERFORM pg_notify('parley_' || '$schema$.documents'::regclass::oid,
                          CASE WHEN changes = 1 THEN changed ELSE '' END);
    END IF;
END
$write$;
)sql";

// What leads from each version to the next.
constexpr std::array kSteps{kFirstVersion};

constexpr int64_t kVersion = kSteps.size();

// 0 where there are no tables yet. Asked of the catalogue's own tables: what to_regclass once knew
// it says until the end of the transaction.
int64_t version_of(Connection& connection,
                   const std::string& name,
                   Deadline deadline,
                   Cancel cancel) {
    const Rows there = connection.run(
        "SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
        "WHERE n.nspname = $1 AND c.relname = 'about'",
        Parameters().text(name),
        deadline,
        cancel);
    if (there.number(0, 0) == 0) return 0;
    const Rows about =
        connection.run(in_schema(connection.quote(name), "SELECT version FROM $schema$.about"),
                       {},
                       deadline,
                       cancel);
    const int64_t version = about.count() == 1 ? about.number(0, 0) : -1;
    if (version < 1) {
        throw store_failure(PARLEY_E_CORRUPT_STATE, "schema " + name + ": not of this store");
    }
    if (version > kVersion) {
        throw store_failure(PARLEY_E_CORRUPT_STATE,
                            "schema " + name + ": of version " + std::to_string(version) +
                                "; this plugin knows " + std::to_string(kVersion) +
                                ", update parley wherever it uses this database");
    }
    return version;
}

}  // namespace

std::string in_schema(const std::string& schema, std::string_view sql) {
    constexpr std::string_view kMark = "$schema$";
    std::string out;
    for (std::size_t at = 0; at < sql.size();) {
        const std::size_t mark = std::min(sql.find(kMark, at), sql.size());
        out += sql.substr(at, mark - at);
        if (mark < sql.size()) out += schema;
        at = mark + kMark.size();
    }
    return out;
}

void prepare_schema(Connection& connection,
                    const std::string& name,
                    Deadline deadline,
                    Cancel cancel) {
    const std::string schema = connection.quote(name);
    if (version_of(connection, name, deadline, cancel) == kVersion) return;
    connection.run_all(
        "BEGIN; SELECT pg_advisory_xact_lock(1885434217, hashtext('schema'))", deadline, cancel);
    // Another may have done it meanwhile.
    const int64_t version = version_of(connection, name, deadline, cancel);
    const Rows there = connection.run("SELECT count(*) FROM pg_namespace WHERE nspname = $1",
                                      Parameters().text(name),
                                      deadline,
                                      cancel);
    std::string sql = there.number(0, 0) == 0 ? "CREATE SCHEMA " + schema + ";" : "";
    for (auto step = static_cast<std::size_t>(version); step < kSteps.size(); ++step) {
        sql += in_schema(schema, kSteps[step]);
    }
    sql += "UPDATE " + schema + ".about SET version = " + std::to_string(kVersion) + "; COMMIT";
    connection.run_all(sql, deadline, cancel);
}

}  // namespace parley::store_postgres
