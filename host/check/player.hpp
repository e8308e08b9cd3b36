// check/player.hpp: says the steps of a transcript to a plugin.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "check/transcript.hpp"
#include "check/trial.hpp"
#include "plugins/instance.hpp"
#include "plugins/library.hpp"

namespace parley::check {

// In a process of its own, for the plugin may end it.
class Player {
public:
    Player(Trial& trial, std::shared_ptr<plugins::Library> library);

    // What the plugin says to a step. Fails where it cannot be said: by whom, or what, is not
    // clear.
    base::Result<std::string> play(const Step& step);

    // Something to say to each component that there is, in every call that it takes.
    std::vector<Step> usual_steps();

private:
    base::Result<std::shared_ptr<plugins::Instance>> find(std::string_view kind,
                                                          std::string_view id);

    Trial& trial_;
    std::shared_ptr<plugins::Library> library_;
    std::vector<std::shared_ptr<plugins::Instance>> made_;
};

// One step with a component of its kind.
using Played = base::Result<std::string>;
using Made = std::shared_ptr<plugins::Instance>;
Played play_request(const Made& made, const Step& step);
Played play_reply(const Made& made, const Step& step);
Played play_relay(const Made& made, const Step& step);
Played play_events(const Made& made, const Step& step);
Played play_plan(const Made& made, const Step& step);
Played play_classify(const Made& made, const Step& step);
Played play_filter(const Made& made, const Step& step);
Played play_pick(const Made& made, const Step& step);
Played play_login(const Made& made, const Step& step);
Played play_refresh(const Made& made, const Step& step);

// What a step has beside its input.
std::string text_in(const Step& step, std::string_view member, std::string_view otherwise);
std::uint64_t number_in(const Step& step, std::string_view member, std::uint64_t otherwise);
bool flag_in(const Step& step, std::string_view member, bool otherwise);

// "rate_limited: too many, code x, try again after 5000 ms" and a line break.
std::string words_of(const base::Error& error);

// For logins: the answers of a world that grants everything, as a transcript's input.
std::string generous_answers(const Made& made, std::string_view secret);

// The secret of a step that has none of its own.
inline constexpr std::string_view kSecret = R"({"access_token":"at-of-a-transcript",)"
                                            R"("refresh_token":"rt-of-a-transcript",)"
                                            R"("expires_at_ms":1700000000000})";

}  // namespace parley::check
