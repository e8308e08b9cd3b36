// pipeline/models.cpp: lists of models are the house's own.
#include "pipeline/exchange.hpp"

namespace parley::pipeline {

using base::Result;
using base::Task;

Task<Result<void>> Exchange::show_models() {
    const routing::Router& router = world_->router;
    std::vector<parley_model> models;
    const auto add = [&](const routing::Router::Listed& listed) {
        auto model = plugins::sized<parley_model>();
        model.id = plugins::str(listed.model);
        model.owner = plugins::str(listed.owner);
        models.push_back(model);
    };
    if (call_.operation == PARLEY_OPERATION_MODEL) {
        const std::string_view asked = plugins::view(call_.path_model);
        const auto* listed = router.find_listed(asked);
        if (listed != nullptr) {
            add(*listed);
        } else {
            // A name behind a pattern is not listed, but it is served.
            auto candidates = router.resolve(asked);
            if (!candidates) co_return std::move(candidates).error();
            auto model = plugins::sized<parley_model>();
            model.id = call_.path_model;
            model.owner = plugins::str(candidates->front().place->provider->name());
            models.push_back(model);
        }
    } else {
        for (const auto& listed : router.listed()) add(listed);
    }
    std::vector<const parley_model*> pointers;
    for (const parley_model& model : models) pointers.push_back(&model);
    auto reply = dialect_->encode_models(call_, pointers, arena_);
    if (!reply) co_return std::move(reply).error();
    co_return co_await compose(*reply);
}

}  // namespace parley::pipeline
