#include "routing/explain.hpp"

namespace parley::routing {

namespace {

using Line = Explanation::Line;

Line line_of(const Candidate& candidate, const Standing& standing, std::int64_t now_ms) {
    const accounts::Account& account = *candidate.account;
    const accounts::Health& health = account.state->health;
    const accounts::State::Model* model = account.state->find(candidate.model);
    Line line;
    line.provider = candidate.place->name;
    line.account = account.label;
    line.model = candidate.model;
    line.priority = account.priority;
    line.weight = account.weight;
    line.in_flight = health.in_flight();
    line.success_per_mille = health.success_per_mille(now_ms);
    line.content_ms = health.content_ms(now_ms);
    line.headroom = health.headroom(now_ms);
    line.standing = standing;
    line.last_error = health.last_error().text;
    if (standing.guilty == kProviderHealth && standing.reason == Reason::kCooling) {
        line.last_error = candidate.place->state->health.last_error().text;
    } else if (standing.guilty == kModelHealth && model != nullptr) {
        line.last_error = model->health.last_error().text;
    }
    return line;
}

// The account of a pick that is taken back at once, and with which no conversation stays.
const Candidate* next_of(const Course& course, Ask ask, std::string& rejection) {
    base::Error why;
    ask.is_aside = true;
    ask.rejection = &why;
    Picked picked = course.pick(ask);
    picked.attempt.take_back();
    rejection = std::move(why.message);
    return picked.candidate;
}

}  // namespace

Explanation explain(const Router& router,
                    std::string_view model,
                    const accounts::Caller* caller,
                    const Ask& ask) {
    Explanation out;
    if (caller != nullptr && !caller->may_ask(model)) {
        out.error = base::client_error(
            PARLEY_E_FORBIDDEN,
            "the client key \"" + caller->name + "\" may not ask for \"" + std::string(model) + '"',
            "model");
        return out;
    }
    auto found = router.find(model);
    if (!found) {
        out.error = std::move(found).error();
        return out;
    }
    const Course& course = **found;
    out.terms = course.terms();
    out.prefix = router.prefix_of(model);
    for (const auto& step : course.steps()) {
        std::vector<Line>& lines = out.steps.emplace_back();
        step->explain(ask, [&](const Candidate& candidate, const Standing& standing) {
            lines.push_back(line_of(candidate, standing, ask.now_ms));
        });
    }
    const Candidate* next = next_of(course, ask, out.rejection);
    if (next == nullptr) return out;
    for (auto& lines : out.steps) {
        for (Line& line : lines) {
            line.is_next = line.provider == next->place->name &&
                           line.account == next->account->label && line.model == next->model;
            if (line.is_next) return out;
        }
    }
    return out;
}

}  // namespace parley::routing
