// pool.hpp: a few connections for all threads of the process.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "connection.hpp"

namespace parley::store_postgres {

// What may be asked again when the connection broke on it.
enum class Again { kYes, kNo };

class Pool {
public:
    using Work = std::function<void(Connection&, Deadline)>;

    // `greeting` is run on every new connection.
    void open(Options options, std::string greeting, uint64_t connections, uint64_t timeout_ms);
    void close();

    // Runs the work on a connection of its own, with a deadline for all of it.
    void use(Again again, sdk::Cancel cancel, const Work& work);

    // A new connection beside the pool.
    std::unique_ptr<Connection> connect(sdk::Cancel cancel) const;

private:
    std::unique_ptr<Connection> take(Deadline deadline, sdk::Cancel cancel);
    void give_back(std::unique_ptr<Connection> connection);
    Deadline deadline() const;

    Options options_;
    std::string greeting_;
    uint64_t connections_ = 1;
    uint64_t timeout_ms_ = 0;
    std::mutex mutex_;
    std::condition_variable free_;
    std::vector<std::unique_ptr<Connection>> idle_;
    uint64_t used_ = 0;
};

}  // namespace parley::store_postgres
