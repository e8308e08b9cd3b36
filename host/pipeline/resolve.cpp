// pipeline/resolve.cpp: body -> model -> everyone who may serve it.
#include "pipeline/exchange.hpp"

namespace parley::pipeline {

using base::Result;

Result<void> Exchange::resolve() {
    if (auto peeked = asked_.dialect->peek(asked_.call, arena_, asked_.peek); !peeked) {
        return peeked;
    }
    const std::string_view model = asked_.model();
    if (asked_.caller != nullptr && !asked_.caller->may_ask(model)) return unserved();
    auto course = world_->router.find(model);
    if (!course) return std::move(course).error();
    course_ = std::move(*course);
    for (const routing::Place& place : world_->router.places()) {
        if (dialect_for(place) == nullptr) unfit_.push_back(&place);
    }
    return find_owner();
}

// What a caller may not ask for is not there for it.
Result<void> Exchange::unserved() const {
    return base::client_error(PARLEY_E_NOT_FOUND,
                              "the model \"" + std::string(asked_.model()) +
                                  "\" is not served here for the client key \"" +
                                  asked_.caller->name + '"',
                              "model");
}

}  // namespace parley::pipeline
