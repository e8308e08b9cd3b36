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
    find_unfit({});
    return find_owner();
}

// `provider` alone shall serve; empty: whoever may.
void Exchange::find_unfit(std::string_view provider) {
    unfit_.clear();
    for (const routing::Place& place : world_->router.places()) {
        const bool is_other = !provider.empty() && place.name != provider;
        if (is_other || dialect_for(place) == nullptr) unfit_.push_back(&place);
    }
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
