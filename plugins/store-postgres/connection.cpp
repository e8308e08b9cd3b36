#include "connection.hpp"

#include <algorithm>
#include <array>
#include <sys/poll.h>

namespace parley::store_postgres {

using sdk::Cancel;
using sdk::store_failure;
using Clock = std::chrono::steady_clock;

namespace {

constexpr uint64_t kBusyMs = 1000;

// What an SQLSTATE means for who asked; the first line that fits its beginning.
struct Row {
    std::string_view state;
    int32_t error_class;
    uint64_t retry_after_ms;
};

constexpr std::array kRows{
    Row{"53100", PARLEY_E_INTERNAL, 0},          // disk full
    Row{"53", PARLEY_E_OVERLOADED, kBusyMs},     // too many connections, out of memory
    Row{"57P", PARLEY_E_OVERLOADED, kBusyMs},    // shutting down, starting up
    Row{"57014", PARLEY_E_OVERLOADED, kBusyMs},  // a statement took too long
    Row{"55P03", PARLEY_E_OVERLOADED, kBusyMs},  // a lock took too long
    Row{"40", PARLEY_E_OVERLOADED, 100},         // serialization, deadlock
    Row{"25006", PARLEY_E_OVERLOADED, kBusyMs},  // read only: a standby, or a disk that is full
    Row{"28", PARLEY_E_FORBIDDEN, 0},            // who are you
    Row{"42501", PARLEY_E_FORBIDDEN, 0},         // you may not
    Row{"3D000", PARLEY_E_INTERNAL, 0},          // no such database
    Row{"54", PARLEY_E_TOO_LARGE, 0},
    Row{"42P01", PARLEY_E_CORRUPT_STATE, 0},  // tables, functions or schemas are missing
    Row{"42883", PARLEY_E_CORRUPT_STATE, 0},
    Row{"42703", PARLEY_E_CORRUPT_STATE, 0},
    Row{"3F000", PARLEY_E_CORRUPT_STATE, 0},
    Row{"XX001", PARLEY_E_CORRUPT_STATE, 0},  // a page of the disk is damaged
};

// One line, without the place in the server's source.
std::string words_of(std::string_view message) {
    std::string out;
    for (std::string_view rest = message; !rest.empty();) {
        const std::string_view line = rest.substr(0, rest.find('\n'));
        rest.remove_prefix(std::min(line.size() + 1, rest.size()));
        if (line.empty() || line.starts_with("LOCATION:")) continue;
        if (!out.empty()) out += "; ";
        out += line.substr(std::min(line.find_first_not_of('\t'), line.size()));
    }
    return out;
}

// The code in "FATAL:  53300: sorry, too many clients already", of whatever language.
std::string state_in(std::string_view message) {
    constexpr std::size_t kLength = 5;
    const auto is_code = [](char c) { return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z'); };
    for (std::size_t at = message.find(":  "); at != message.npos;
         at = message.find(":  ", at + 1)) {
        const std::string_view code = message.substr(at + 3, kLength);
        const bool ends =
            message.substr(std::min(at + 3 + kLength, message.size())).starts_with(':');
        if (ends && code.size() == kLength && std::all_of(code.begin(), code.end(), is_code)) {
            return std::string(code);
        }
    }
    return {};
}

sdk::Failure failure_of(std::string_view state, std::string_view message) {
    for (const Row& row : kRows) {
        if (!state.starts_with(row.state)) continue;
        return store_failure(row.error_class, words_of(message), row.retry_after_ms);
    }
    return store_failure(PARLEY_E_INTERNAL, words_of(message));
}

[[noreturn]] void too_slow() {
    throw Broken(store_failure(PARLEY_E_OVERLOADED, "the server does not answer", kBusyMs));
}

}  // namespace

int64_t Rows::number(int row, int column) const {
    uint64_t value = 0;
    for (const char c : text(row, column)) value = value << 8 | static_cast<unsigned char>(c);
    return static_cast<int64_t>(value);
}

Connection::Connection(const Options& options, Deadline deadline, Cancel cancel)
    : connection_(nullptr, PQfinish) {
    std::vector<const char*> names;
    std::vector<const char*> values;
    for (const auto& [name, value] : options) {
        names.push_back(name.c_str());
        values.push_back(value.c_str());
    }
    names.push_back(nullptr);
    values.push_back(nullptr);
    connection_.reset(PQconnectStartParams(names.data(), values.data(), 1));
    if (connection_ == nullptr) throw store_failure(PARLEY_E_OVERLOADED, "no memory", kBusyMs);
    PQsetErrorVerbosity(connection_.get(), PQERRORS_VERBOSE);
    PQsetNoticeProcessor(
        connection_.get(), [](void*, const char*) {}, nullptr);
    connect(deadline, cancel);
    PQsetnonblocking(connection_.get(), 1);
}

void Connection::connect(Deadline deadline, Cancel cancel) {
    PostgresPollingStatusType state = PGRES_POLLING_WRITING;
    while (state != PGRES_POLLING_OK) {
        if (state == PGRES_POLLING_FAILED || PQstatus(connection_.get()) == CONNECTION_BAD) {
            const std::string message = PQerrorMessage(connection_.get());
            throw failure_of(state_in(message), message);
        }
        const bool reads = state == PGRES_POLLING_READING;
        if (!wait(reads ? For::kRead : For::kWrite, deadline, cancel)) too_slow();
        state = PQconnectPoll(connection_.get());
    }
}

// False when the deadline came first.
bool Connection::wait(For what, Deadline deadline, Cancel cancel) {
    constexpr std::chrono::milliseconds kSlice(50);
    for (;;) {
        cancel.check();
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
        if (left.count() <= 0) return false;
        const short events = what == For::kRead ? POLLIN : POLLOUT | POLLIN;
        pollfd socket{PQsocket(connection_.get()), events, 0};
        if (socket.fd < 0) lost();
        if (::poll(&socket, 1, static_cast<int>(std::min(left, kSlice).count())) > 0) return true;
    }
}

void Connection::lost() const {
    throw Broken(
        store_failure(PARLEY_E_INTERNAL,
                      "the connection was lost: " + words_of(PQerrorMessage(connection_.get()))));
}

Rows Connection::run(const std::string& sql,
                     const Parameters& parameters,
                     Deadline deadline,
                     Cancel cancel) {
    std::vector<const char*> values;
    std::vector<int> lengths;
    for (const std::string& value : parameters.values_) {
        values.push_back(value.c_str());
        lengths.push_back(static_cast<int>(value.size()));
    }
    if (PQsendQueryParams(connection_.get(),
                          sql.c_str(),
                          static_cast<int>(values.size()),
                          nullptr,
                          values.data(),
                          lengths.data(),
                          parameters.formats_.data(),
                          1) == 0) {
        lost();
    }
    return receive(deadline, cancel);
}

void Connection::run_all(const std::string& sql, Deadline deadline, Cancel cancel) {
    if (PQsendQuery(connection_.get(), sql.c_str()) == 0) lost();
    receive(deadline, cancel);
}

// The last of the results, or the first that is an error.
Rows Connection::receive(Deadline deadline, Cancel cancel) {
    PGconn* const connection = connection_.get();
    for (int left = 1; left != 0;) {
        left = PQflush(connection);
        if (left < 0) lost();
        if (left == 0) break;
        if (!wait(For::kWrite, deadline, cancel)) too_slow();
        if (PQconsumeInput(connection) == 0) lost();
    }
    Rows last(nullptr);
    std::optional<sdk::Failure> failure;
    for (;;) {
        while (PQisBusy(connection) != 0) {
            if (!wait(For::kRead, deadline, cancel)) too_slow();
            if (PQconsumeInput(connection) == 0) lost();
        }
        PGresult* const result = PQgetResult(connection);
        if (result == nullptr) break;
        Rows rows(result);
        const ExecStatusType status = PQresultStatus(result);
        if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK && !failure) {
            const char* state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
            failure = failure_of(state == nullptr ? "" : state, PQresultErrorMessage(result));
        }
        last = std::move(rows);
    }
    if (PQstatus(connection) != CONNECTION_OK) {
        if (failure) throw Broken(*failure);
        lost();
    }
    if (failure) throw *failure;
    return last;
}

bool Connection::is_alive() {
    pollfd socket{PQsocket(connection_.get()), POLLIN, 0};
    if (socket.fd < 0 || PQstatus(connection_.get()) != CONNECTION_OK) return false;
    // What comes though nothing was asked is the server's farewell, or of no use.
    return ::poll(&socket, 1, 0) == 0;
}

std::optional<std::string> Connection::wait_for_notification(Deadline deadline, Cancel cancel) {
    for (;;) {
        if (PGnotify* notification = PQnotifies(connection_.get())) {
            std::string payload = notification->extra;
            PQfreemem(notification);
            return payload;
        }
        if (!wait(For::kRead, deadline, cancel)) return std::nullopt;
        if (PQconsumeInput(connection_.get()) == 0) lost();
    }
}

std::string Connection::quote(std::string_view name) const {
    const std::unique_ptr<char, void (*)(void*)> quoted(
        PQescapeIdentifier(connection_.get(), name.data(), name.size()), PQfreemem);
    if (quoted == nullptr) throw sdk::Failure(PARLEY_E_CONFIG, "schema: not a name");
    return quoted.get();
}

}  // namespace parley::store_postgres
