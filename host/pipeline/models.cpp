// pipeline/models.cpp: lists of models are the house's own.
#include "pipeline/exchange.hpp"

namespace parley::pipeline {

using base::Result;
using base::Task;

Task<Result<void>> Exchange::show_models() {
    const routing::Router& router = world_->router;
    std::vector<parley_model> models;
    const auto may_ask = [&](std::string_view model) {
        return asked_.caller == nullptr || asked_.caller->may_ask(model);
    };
    const auto add = [&](const routing::Router::Listed& listed) {
        if (!may_ask(listed.model)) return;
        auto model = plugins::sized<parley_model>();
        model.id = plugins::str(listed.model);
        model.owner = plugins::str(listed.owner);
        models.push_back(model);
    };
    if (asked_.call.operation == PARLEY_OPERATION_MODEL) {
        const std::string_view asked = plugins::view(asked_.call.path_model);
        asked_.peek.model = asked_.call.path_model;
        if (!may_ask(asked)) co_return unserved();
        const auto* listed = router.find_listed(asked);
        if (listed != nullptr) {
            add(*listed);
        } else {
            // A name behind a pattern is not listed, but it is served.
            auto course = router.find(asked);
            if (!course) co_return std::move(course).error();
            const auto& first = (*course)->steps().front()->tiers().front()->candidate(0);
            auto model = plugins::sized<parley_model>();
            model.id = asked_.call.path_model;
            model.owner = plugins::str(first.place->provider->name());
            models.push_back(model);
        }
    } else {
        for (const auto& listed : router.listed()) add(listed);
    }
    std::vector<const parley_model*> pointers;
    for (const parley_model& model : models) pointers.push_back(&model);
    auto reply = asked_.dialect->encode_models(asked_.call, pointers, arena_);
    if (!reply) co_return std::move(reply).error();
    co_return co_await reply_.compose(*reply);
}

}  // namespace parley::pipeline
