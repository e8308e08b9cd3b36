// check/play_filter.cpp: what a filter does to a request and to the events of its answer.
#include <boost/json/serialize.hpp>

#include "check/asks.hpp"
#include "check/conversation.hpp"
#include "check/event_text.hpp"
#include "check/player.hpp"
#include "plugins/filter.hpp"

namespace parley::check {

namespace json = boost::json;
using plugins::sized;
using plugins::str;
using plugins::view;

namespace {

constexpr std::size_t kBytesMax = std::size_t{16} * 1024 * 1024;

// The texts of a request that a filter made.
std::string to_text(const parley_request& request) {
    std::string out = "model " + std::string(view(request.model)) + '\n';
    const auto add = [&](const parley_part* const* parts, std::uint64_t count) {
        for (std::uint64_t i = 0; i < count; ++i) out += std::string(view(parts[i]->text)) + '\n';
    };
    add(request.instructions, request.instruction_count);
    for (std::uint64_t i = 0; i < request.message_count; ++i) {
        add(request.messages[i]->parts, request.messages[i]->part_count);
    }
    return out;
}

std::string decided(plugins::FilterSession& session,
                    const parley_request& request,
                    base::Arena& arena) {
    base::Error why;
    const auto decision = session.decide(request, arena, why);
    if (!decision) return "request " + words_of(decision.error());
    switch (decision->action) {
        case PARLEY_FILTER_REPLACE:
            return "replace\n" + to_text(*decision->request);
        case PARLEY_FILTER_ROUTE:
            return "route to model " + std::string(view(decision->model)) + ", provider " +
                   std::string(view(decision->provider)) + ", egress " +
                   std::string(view(decision->egress)) + '\n';
        case PARLEY_FILTER_REJECT:
            return "reject " + words_of(why);
        case PARLEY_FILTER_RESPOND: {
            std::string out = "respond\n";
            for (std::uint64_t i = 0; i < decision->event_count; ++i) {
                out += json::serialize(to_json(*decision->events[i])) + '\n';
            }
            return out;
        }
        default:
            return "continue\n";
    }
}

std::string filtered(const plugins::Filter& filter,
                     plugins::FilterSession& session,
                     const std::vector<parley_event>& events) {
    base::Arena arena(kBytesMax);
    EventLines lines(arena);
    for (const parley_event& event : events) {
        if (!filter.wants(event.type)) {
            lines.emit(event);
            continue;
        }
        const auto is_over = session.event(event, lines.border(), arena);
        if (!is_over) return lines.text() + "event " + words_of(is_over.error());
        if (*is_over) break;
    }
    if (!events.empty()) session.finish(events.back());
    return lines.text() + (lines.breach() != nullptr ? std::string(lines.breach()) + '\n' : "");
}

}  // namespace

Played play_filter(const Made& made, const Step& step) {
    const auto events = TextEvents::read(step.in);
    if (!events) return events.error();
    const auto filter = plugins::Filter::make(made, false);
    if (!filter) return "interest " + words_of(filter.error());
    base::Arena arena(kBytesMax);
    const auto exchange = exchange_of_checks();
    auto open = sized<parley_filter_open>();
    open.attempt = 1;
    open.exchange = &exchange;
    open.provider = str("a-provider");
    open.upstream_dialect = str("checks");
    open.upstream_model = str("a-model");
    open.arena = arena.border();
    plugins::FilterSession session;
    if (auto ok = session.open(**filter, open); !ok) return "open " + words_of(ok.error());
    const std::string asked = text_in(step, "question", "My number is 123-45-6789.");
    const Question question(asked);
    std::string out;
    if ((*filter)->wants_requests()) out = decided(session, question.request(), arena);
    return out + filtered(**filter, session, events->all());
}

}  // namespace parley::check
