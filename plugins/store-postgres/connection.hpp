// connection.hpp: one connection to the server. Nothing here waits longer than its deadline, and
// all of it ends soon after it is cancelled.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <libpq-fe.h>

#include "parley/sdk/store.hpp"

namespace parley::store_postgres {

using Deadline = std::chrono::steady_clock::time_point;

// What libpq is told; later ones win.
using Options = std::vector<std::pair<std::string, std::string>>;

// Rows of int8, text and bytea, in the server's binary form.
class Rows {
public:
    explicit Rows(PGresult* result) : result_(result, PQclear) {}

    int count() const { return PQntuples(result_.get()); }

    bool is_null(int row, int column) const { return PQgetisnull(result_.get(), row, column) != 0; }

    std::string_view text(int row, int column) const {
        return {PQgetvalue(result_.get(), row, column),
                static_cast<std::size_t>(PQgetlength(result_.get(), row, column))};
    }

    int64_t number(int row, int column) const;

private:
    std::unique_ptr<PGresult, void (*)(PGresult*)> result_;
};

// The parameters of a statement: $1, $2 and so on.
class Parameters {
public:
    Parameters& text(std::string_view value) { return add(std::string(value), 0); }

    Parameters& number(int64_t value) { return add(std::to_string(value), 0); }

    Parameters& bytes(std::string_view value) { return add(std::string(value), 1); }

    // "$4", for the one that comes next.
    std::string next() const { return '$' + std::to_string(values_.size() + 1); }

private:
    friend class Connection;

    Parameters& add(std::string value, int format) {
        values_.push_back(std::move(value));
        formats_.push_back(format);
        return *this;
    }

    std::vector<std::string> values_;
    std::vector<int> formats_;
};

// The connection broke: whether the server did what it was asked is not known.
struct Broken : sdk::Failure {
    explicit Broken(Failure failure) : Failure(std::move(failure)) {}
};

class Connection {
public:
    Connection(const Options& options, Deadline deadline, sdk::Cancel cancel);

    // Throws Broken when the connection is lost.
    Rows run(const std::string& sql,
             const Parameters& parameters,
             Deadline deadline,
             sdk::Cancel cancel);
    // Several statements without parameters and rows.
    void run_all(const std::string& sql, Deadline deadline, sdk::Cancel cancel);

    // Whether it can be used; found out without a round trip.
    bool is_alive();
    // The payload of the next notification, if one comes before the deadline.
    std::optional<std::string> wait_for_notification(Deadline deadline, sdk::Cancel cancel);
    // As a name in SQL, quotes included.
    std::string quote(std::string_view name) const;

private:
    enum class For { kRead, kWrite };

    bool wait(For what, Deadline deadline, sdk::Cancel cancel);
    void connect(Deadline deadline, sdk::Cancel cancel);
    Rows receive(Deadline deadline, sdk::Cancel cancel);
    [[noreturn]] void lost() const;

    std::unique_ptr<PGconn, void (*)(PGconn*)> connection_;
};

}  // namespace parley::store_postgres
