// postgres_server.hpp: a PostgreSQL of the test's own, in a folder that goes with it.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "process.hpp"
#include "stage.hpp"

namespace parley::store_test {

class PostgresServer {
public:
    // Why there is none to be had on this machine; empty: there is.
    static std::string missing();

    // A new one, or a standby of another.
    PostgresServer() : PostgresServer(0) {}

    // With a folder "small" that is a disk of its own, of so many megabytes.
    explicit PostgresServer(int small_megabytes);
    explicit PostgresServer(const PostgresServer& primary);
    PostgresServer& operator=(const PostgresServer&) = delete;
    ~PostgresServer();

    void start();
    // As the machine's failure does: all of its processes at once.
    void kill();
    void restart();

    void freeze() const { signal_all(SIGSTOP); }

    void go_on() const { signal_all(SIGCONT); }

    void promote();

    std::string url(const std::string& user = "parley",
                    const std::string& password = "right") const;

    std::string host() const { return "127.0.0.1:" + std::to_string(port_); }

    int port() const { return port_; }

    const std::string& folder() const { return scratch_.path(); }

    // Statements as the superuser; rows as lines, columns by |.
    std::string sql(const std::string& text) const;

private:
    std::vector<std::string> as_server(std::vector<std::string> words) const;
    void signal_all(int number) const;
    void wait_until_it_answers() const;

    Scratch scratch_;
    int port_ = 0;
    int small_megabytes_ = 0;
    std::unique_ptr<Process> server_;
};

class PostgresStage : public Stage {
public:
    std::string start() override;
    std::string fresh_settings() override;

    PostgresServer& server() { return *server_; }

private:
    std::unique_ptr<PostgresServer> server_;
    int places_ = 0;
};

int free_port();

}  // namespace parley::store_test
