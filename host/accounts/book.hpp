// accounts/book.hpp: the live state of all accounts and providers, by name. One book lives as long
// as the program; each configuration opens in it what it names.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include <boost/json/object.hpp>

#include "accounts/state.hpp"

namespace parley::accounts {

class Book {
public:
    // What a provider is called here: no account can have that name.
    static std::string id_of_provider(std::string_view name) { return std::string(name) + "/*"; }

    // The state of an account or a provider, made when it is new. Whoever holds it keeps it. [ctl]
    std::shared_ptr<State> open(std::string_view id);

    // Null when nobody holds it.
    std::shared_ptr<State> find(std::string_view id) const;

    // The cool-downs that last, for a file: the clock of a file is the wall's.
    boost::json::object snapshot(std::int64_t now_ms, std::int64_t wall_ms) const;
    // Takes what snapshot() gave, of accounts that are open and of those that will be. What it
    // does not understand it leaves out.
    void restore(const boost::json::object& saved, std::int64_t now_ms, std::int64_t wall_ms);

    // Ends the cool-downs of one account; false when nobody knows it.
    bool clear(std::string_view id);

private:
    mutable std::mutex mutex_;
    std::map<std::string, std::weak_ptr<State>, std::less<>> states_;
    // Restored, but not opened yet.
    std::map<std::string, std::shared_ptr<State>, std::less<>> waiting_;
    std::uint32_t last_number_ = 0;
    std::size_t tidy_at_ = 64;  // how many states are worth looking for those that nobody holds
};

}  // namespace parley::accounts
