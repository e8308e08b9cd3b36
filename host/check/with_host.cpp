#include "check/with_host.hpp"

namespace parley::check {

WithHost::WithHost(const plugins::Component& component, Before before)
    : real_(*component.record),
      before_(std::move(before)),
      record_(*component.record),
      component_(component) {
    record_.create = create;
    component_.record = &record_;
    now() = this;
}

WithHost::~WithHost() {
    now() = nullptr;
}

WithHost*& WithHost::now() {
    static WithHost* one = nullptr;
    return one;
}

parley_status WithHost::create(const parley_host* host,
                               parley_instance** out,
                               parley_error* error) {
    return now()->real_.create(now()->before_(*host), out, error);
}

}  // namespace parley::check
