// pipeline/filter.cpp: the attempt passes the filters of its route.
#include <algorithm>

#include "pipeline/attempt.hpp"
#include "pipeline/exchange.hpp"

namespace parley::pipeline {

using base::Error;
using base::Result;
using plugins::str;

// Sessions begin with the request as it was asked, so that what failed leaves no trace.
Result<void> Attempt::begin_filtering() {
    if (!can_be_shown()) {
        const auto refuses = [](const FilterPtr& filter) { return !filter->passes_on_error(); };
        const auto& all = filters_->filters;
        const auto strictest = std::find_if(all.begin(), all.end(), refuses);
        is_hidden_ = strictest != all.end();
        if (!is_hidden_) return {};
        return base::client_error(
            PARLEY_E_UNSUPPORTED,
            "the filter " + (*strictest)->name() + " cannot be shown this kind of request");
    }
    known_ = exchange_.described();
    filter_open_.attempt = exchange_.attempt_number();
    filter_open_.exchange = &known_;
    filter_open_.provider = str(candidate_.place->name);
    filter_open_.upstream_dialect = str(spoken_.id());
    filter_open_.upstream_model = str(candidate_.model);
    filter_open_.arena = exchange_.arena().border();
    crossing_.reset();
    filtering_ = std::make_unique<Filtering>(*filters_, filter_open_, exchange_.arena());
    return filtering_->begin();
}

bool Attempt::can_be_shown() const {
    return is_translated() ||
           (exchange_.has_canonical_form() && plugins::translates_clients(spoken_) &&
            plugins::translates_upstreams(spoken_));
}

// A filter answers in place of the upstream.
Attempt::Task Attempt::respond() {
    Result<void> done = speak();
    if (done) done = crossing_->respond();
    if (!done) co_return done;
    co_return co_await show_crossed(exchange_.asked().wants_stream());
}

}  // namespace parley::pipeline
