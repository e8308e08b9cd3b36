#include "check/replay.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "check/child.hpp"
#include "check/player.hpp"

namespace parley::check {

namespace json = boost::json;

namespace {

base::Error cannot(const Subject& subject, const std::string& why) {
    return base::client_error(PARLEY_E_INVALID_ARGUMENT, subject.path + ": " + why);
}

// Works with the loaded plugin in a child; what it adds to the scroll is there afterwards.
Outcome with_player(const Subject& subject, const std::function<void(Player&)>& work) {
    return in_a_child(
        [&](Slate& slate) {
            Trial trial(subject, slate);
            if (auto library = trial.load()) {
                Player player(trial, std::move(library));
                work(player);
            }
        },
        subject.check_max);
}

base::Result<void> can_be_loaded(const Subject& subject) {
    const Outcome came = with_player(subject, [](Player&) {});
    if (came.verdict == Verdict::failed) return cannot(subject, came.text);
    return {};
}

json::object played(Player& player, const Step& step) {
    const auto out = player.play(step);
    if (out) return {{"out", *out}};
    return {{"fault", out.error().message}};
}

Came read_came(const std::string& line) {
    Came came;
    const json::value value = json::parse(line);
    const json::object& object = value.as_object();
    if (const json::value* out = object.if_contains("out"))
        came.out = std::string(out->as_string());
    if (const json::value* fault = object.if_contains("fault")) {
        came.fault = std::string(fault->as_string());
    }
    return came;
}

}  // namespace

base::Result<std::vector<Came>> replay(const Subject& subject, std::span<const Step> steps) {
    if (auto ok = can_be_loaded(subject); !ok) return ok.error();
    std::vector<Came> all;
    while (all.size() < steps.size()) {
        const Scroll scroll;
        const auto rest = steps.subspan(all.size());
        const Outcome outcome = with_player(subject, [&](Player& player) {
            for (const Step& step : rest) scroll.add(json::serialize(played(player, step)));
        });
        for (const std::string& line : scroll.lines()) all.push_back(read_came(line));
        if (all.size() == steps.size()) break;
        all.push_back({{}, outcome.text.empty() ? "ended" : outcome.text});
    }
    return all;
}

base::Result<std::vector<Step>> usual_steps(const Subject& subject) {
    if (auto ok = can_be_loaded(subject); !ok) return ok.error();
    const Scroll scroll;
    const Outcome outcome = with_player(subject, [&](Player& player) {
        for (const Step& step : player.usual_steps()) scroll.add(to_text(step));
    });
    if (outcome.verdict == Verdict::failed) return cannot(subject, outcome.text);
    std::string text;
    for (const std::string& line : scroll.lines()) text += line + '\n';
    if (text.empty()) {
        return cannot(subject, "none of its components can be told anything; " + outcome.text);
    }
    return read_transcript(text, {});
}

}  // namespace parley::check
