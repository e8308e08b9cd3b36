// check/play_login.cpp: what a login asks of the world, and what it makes of its answers.
#include <boost/json/serialize.hpp>

#include "check/asks.hpp"
#include "check/player.hpp"
#include "check/world.hpp"
#include "parley/sdk/op_stage.hpp"

namespace parley::check {

namespace json = boost::json;

namespace {

constexpr int kStepsMax = 500;

const parley_op_table* ops_of(const Made& made) {
    return static_cast<const parley_login*>(made->component().table)->ops;
}

Played staged(const Made& made, base::Result<parley_op*> op, const std::string& answers) {
    if (!op) return "begin " + words_of(op.error());
    stage::Stage play(ops_of(made), *op);
    play.play(stage::read_answers(answers));
    if (!play.is_over() && play.broken.empty()) play.transcript += "waits on\n";
    return play.transcript + (play.broken.empty() ? "" : "broken: " + play.broken + '\n');
}

std::string to_text(const stage::Answer& answer) {
    std::string out = answer.kind + (answer.rest.empty() ? "" : ' ' + answer.rest) + '\n';
    if (answer.kind == "http") out += '\n' + answer.body + '\n';
    return out + "---\n";
}

}  // namespace

Played play_login(const Made& made, const Step& step) {
    const json::value* const params = step.with.if_contains("params");
    return staged(made,
                  begin_login(*made, params == nullptr ? "{}" : json::serialize(*params)),
                  step.in_text());
}

Played play_refresh(const Made& made, const Step& step) {
    return staged(made, begin_refresh(*made, text_in(step, "secret", kSecret)), step.in_text());
}

std::string generous_answers(const Made& made, std::string_view secret) {
    const auto op = secret.empty() ? begin_login(*made, "{}") : begin_refresh(*made, secret);
    if (!op) return {};
    std::string answers;
    std::int64_t now_ms = 1'700'000'000'000;
    stage::Stage play(ops_of(made), *op);
    play.start();
    for (int step = 0; step < kStepsMax && !play.is_over() && play.broken.empty(); ++step) {
        const stage::Answer answer = answer_to(play, World{}, now_ms);
        answers += to_text(answer);
        play.answer(answer);
    }
    return answers;
}

}  // namespace parley::check
