// supervisor/parent.hpp: the supervisor, as a worker sees it.
//
// A process that was started without one has a parent that keeps nothing and says nothing.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "supervisor/link.hpp"

namespace parley::supervisor {

// A worker that went down, and the plugin that may have done it.
struct Crash {
    int signal = 0;
    std::string sha256;
    std::string function;
    std::string file;
};

class Parent {
public:
    Parent() = default;
    // From the value of --worker; hears what there is to know before the work begins. Fails where
    // the value is none, the supervisor is of a program that speaks otherwise, or it is gone.
    static base::Result<Parent> meet(const std::string& worker);

    const std::vector<Crash>& crashes() const { return crashes_; }

    // The socket of a door that was open before, -1: none is kept. Whoever takes it closes it.
    int take(const std::string& address);
    // From here on the supervisor keeps the door open too.
    void keep(const std::string& address, int socket) const;
    void drop(const std::string& address) const;
    // Doors that were open before and that nobody has taken are no longer wanted.
    void drop_rest();
    // A door that the worker of another seat has opened.
    void know(const std::string& address, Descriptor socket);

    // Which of the workers that serve side by side this is; 1: the only one, or the one that the
    // others follow.
    int seat() const { return seat_; }

    // `name`, or what stands in its place at another seat than the first: "journal", "journal-2".
    std::string at_seat(const std::string& name) const;

    void say(std::string_view verb, std::string_view rest = {}) const;

    // No worker has served before this one.
    bool is_first() const { return is_first_; }

    // To be waited on for what the supervisor says; -1: there is none.
    int link() const { return link_.get(); }

private:
    Descriptor link_;
    std::vector<Crash> crashes_;
    std::map<std::string, Descriptor> doors_;
    bool is_first_ = true;
    int seat_ = 1;
};

}  // namespace parley::supervisor
