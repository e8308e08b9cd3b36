// check/with_host.hpp: a component that meets another host than the one which is there.
#pragma once

#include <functional>

#include "plugins/entry.hpp"

namespace parley::check {

// There is one at a time: `create` is a function of C, which knows only what it is given.
class WithHost {
public:
    // Gives the host that stands before the real one; it must outlive the instance.
    using Before = std::function<const parley_host*(const parley_host& real)>;

    WithHost(const plugins::Component& component, Before before);
    WithHost(const WithHost&) = delete;
    WithHost& operator=(const WithHost&) = delete;
    ~WithHost();

    const plugins::Component& component() const { return component_; }

private:
    static WithHost*& now();
    static parley_status create(const parley_host* host,
                                parley_instance** out,
                                parley_error* error);

    const parley_component& real_;
    Before before_;
    parley_component record_;
    plugins::Component component_;
};

}  // namespace parley::check
