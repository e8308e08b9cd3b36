// pipeline/owner.cpp: what a request names may be known to one account only, which then serves it,
// or nobody does.
#include "pipeline/exchange.hpp"

namespace parley::pipeline {

using base::Result;
using plugins::view;

namespace {

constexpr std::size_t kShownBytesMax = 64;

std::string words_of(const parley_owned& owned) {
    const std::string_view id = view(owned.id);
    const std::string where(view(owned.param));
    return (where.empty() ? where : where + ": ") + '"' +
           std::string(id.substr(0, kShownBytesMax)) + '"';
}

}  // namespace

Result<void> Exchange::find_owner() {
    const parley_owned* first = nullptr;
    for (std::uint64_t i = 0; i < asked_.peek.owned_count; ++i) {
        const parley_owned& named = asked_.peek.owned[i];
        const std::uint32_t owner = world_->owners->find(view(named.id), lane_.now_ms());
        if (owner == 0 || owner == owner_) continue;
        if (first != nullptr) {
            return base::client_error(PARLEY_E_INVALID_ARGUMENT,
                                      words_of(named) + " belongs to another account than " +
                                          words_of(*first) + ", and no account knows both",
                                      std::string(view(named.param)));
        }
        if (!course_->knows(owner)) {
            return base::client_error(PARLEY_E_NOT_FOUND,
                                      words_of(named) +
                                          " is known only to the account that made it, which does "
                                          "not serve the model \"" +
                                          std::string(asked_.model()) + "\" here",
                                      std::string(view(named.param)));
        }
        owner_ = owner;
        first = &named;
    }
    return {};
}

void Exchange::owns(std::uint32_t account, std::string_view id) {
    world_->owners->keep(id, account, lane_.now_ms());
}

void Exchange::owns_named(std::uint32_t account) {
    for (std::uint64_t i = 0; i < asked_.peek.owned_count; ++i) {
        owns(account, view(asked_.peek.owned[i].id));
    }
}

}  // namespace parley::pipeline
