// check/login_rules.cpp: logins and their ops, which must bear every answer and any end.
#include <string>
#include <vector>

#include "base/arena.hpp"
#include "check/asks.hpp"
#include "check/conversation.hpp"
#include "check/rules.hpp"
#include "check/world.hpp"
#include "parley/login.h"
#include "plugins/border.hpp"
#include "plugins/login.hpp"
#include "plugins/text.hpp"

namespace parley::check {

using plugins::Instance;
using plugins::Login;
using plugins::sized;
using plugins::str;
using stage::Answer;
using stage::Stage;

namespace {

constexpr std::size_t kArenaBytes = 1024 * 1024;
constexpr int kStepsMax = 500;
constexpr std::string_view kCanary = "rt-canary-7f3a-of-the-checks";
// What a place may know an account by; a login takes what it knows.
const std::vector<std::string> kSecrets = {
    "sk-plain-key",
    R"({"access_token":"rt-canary-7f3a-of-the-checks",)"
    R"("refresh_token":"rt-canary-7f3a-of-the-checks",)"
    R"("expires_at_ms":1700000000000,"token_type":"Bearer","left_alone":[1]})",
};

std::string of(const Instance& made, std::string_view function) {
    return "login " + plugins::quoted(made.name()) + ": " + std::string(function) + ": ";
}

using Begin = std::function<parley_op*()>;

struct Play {
    int steps = 0;
    bool is_over = false;
    std::string broken;
    std::string result;
    bool has_failed = false;
    bool has_words = false;
};

// Drives one op; cancels it after `cancel_after` answers, or answers the one at `fail_at` with an
// error of a class.
struct Way {
    World world;
    int cancel_after = kStepsMax;
    int fail_at = -1;
    int error_class = PARLEY_E_TIMEOUT;
};

Play play(const parley_op_table* ops, const Begin& begin, const Way& way) {
    Play came;
    parley_op* const op = begin();
    if (op == nullptr) return came;
    std::int64_t now_ms = 1'700'000'000'000;
    Stage stage(ops, op);
    stage.start();
    while (!stage.is_over() && stage.broken.empty() && came.steps < way.cancel_after) {
        const bool fails = came.steps == way.fail_at;
        ++came.steps;
        stage.answer(fails ? Answer{"fail", std::to_string(way.error_class) + " it broke", {}, ""}
                           : answer_to(stage, way.world, now_ms));
    }
    came.is_over = stage.is_over();
    came.broken = stage.broken;
    came.result = stage.result;
    came.has_failed = stage.status < 0;
    came.has_words = !stage.message.empty();
    return came;
}

class OpCheck {
public:
    OpCheck(Trial& trial, std::string where, const parley_op_table* ops, Begin begin)
        : trial_(trial), where_(std::move(where)), ops_(ops), begin_(std::move(begin)) {}

    void bear_everything() {
        for (const World& world : {World{},
                                   World{200, "{}", false},
                                   World{200, "<html>", false},
                                   World{400, R"({"error":"invalid_grant"})", false},
                                   World{400, R"({"error":"authorization_pending"})", false},
                                   World{429, R"({"error":"slow_down"})", false},
                                   World{500, "", false},
                                   World{200, kGenerous, true}}) {
            Way way;
            way.world = world;
            const Play whole = go(way);
            trial_.expect(whole.is_over || whole.steps < kStepsMax,
                          where_ + "does not end within " + std::to_string(kStepsMax) + " steps");
            if (trial_.has_failed()) return;
            spoil(way, std::min(whole.steps, 40));
        }
    }

    // What it published, in a world that grants everything; empty: nothing.
    std::string published() { return go({}).result; }

private:
    Play go(const Way& way) {
        trial_.enter(where_ + "step " + std::to_string(std::max(way.fail_at, 0)));
        const Play came = play(ops_, begin_, way);
        trial_.expect(came.broken.empty(), where_ + came.broken);
        trial_.expect(!came.has_failed || came.has_words, where_ + "fails without words");
        return came;
    }

    void spoil(Way way, int steps) {
        for (int at = 0; at <= steps && !trial_.has_failed(); ++at) {
            Way cancelled = way;
            cancelled.cancel_after = at;
            go(cancelled);
            for (const int error_class :
                 {PARLEY_E_TIMEOUT, PARLEY_E_UNSUPPORTED, PARLEY_E_CONFLICT, PARLEY_E_INTERNAL}) {
                Way failing = way;
                failing.fail_at = at;
                failing.error_class = error_class;
                go(failing);
            }
        }
    }

    Trial& trial_;
    std::string where_;
    const parley_op_table* ops_;
    Begin begin_;
};

parley_op* op_of(const base::Result<parley_op*>& begun) {
    return begun ? *begun : nullptr;
}

using OpUse = std::function<void(const Instance&, OpCheck&)>;

// Every op that a login can begin.
void for_each_op(Trial& trial, const OpUse& use) {
    trial.for_each(PARLEY_KIND_LOGIN, [&](std::shared_ptr<Instance> made) {
        const auto& table = *static_cast<const parley_login*>(made->component().table);
        if (PARLEY_HAS(&table, parley_login, login_begin)) {
            OpCheck login(trial, of(*made, "login"), table.ops, [&] {
                return op_of(begin_login(*made, "{}"));
            });
            use(*made, login);
        }
        if (!PARLEY_HAS(&table, parley_login, refresh_begin)) return;
        for (const std::string& secret : kSecrets) {
            OpCheck refresh(trial, of(*made, "refresh"), table.ops, [&] {
                return op_of(begin_refresh(*made, secret));
            });
            use(*made, refresh);
        }
    });
}

void expect_parsed(Trial& trial, const Instance& made, const std::string& secret) {
    const auto& table = *static_cast<const parley_login*>(made.component().table);
    base::Arena arena(kArenaBytes);
    parley_error error = plugins::cleared_error(arena);
    auto facts = sized<parley_secret_facts>();
    trial.enter(of(made, "parse"));
    const auto status = table.parse(made.get(), str(secret), arena.border(), &facts, &error);
    trial.expect(status >= 0, of(made, "parse") + "does not take what its own op published");
    trial.expect(plugins::view(facts.label).find(kCanary) == std::string_view::npos &&
                     plugins::view(facts.attributes).find(kCanary) == std::string_view::npos,
                 of(made, "parse") + "a secret stands in what is shown of it");
    if (!PARLEY_HAS(&table, parley_login, redact)) return;
    parley_str shown{};
    trial.enter(of(made, "redact"));
    if (table.redact(made.get(), str(secret), arena.border(), &shown, &error) < 0) return;
    trial.expect(plugins::view(shown).find(kCanary) == std::string_view::npos,
                 of(made, "redact") + "shows what it should blank");
}

}  // namespace

void ops_bear_everything(Trial& trial) {
    for_each_op(trial, [](const Instance&, OpCheck& op) { op.bear_everything(); });
}

void reads_what_it_published(Trial& trial) {
    for_each_op(trial, [&](const Instance& made, OpCheck& op) {
        const std::string secret = op.published();
        if (!secret.empty()) expect_parsed(trial, made, secret);
    });
    trial.for_each(PARLEY_KIND_LOGIN, [&](std::shared_ptr<Instance> made) {
        const auto& table = *static_cast<const parley_login*>(made->component().table);
        for (const std::string& secret : noise()) {
            base::Arena arena(4 * kArenaBytes);
            parley_error error = plugins::cleared_error(arena);
            auto facts = sized<parley_secret_facts>();
            trial.enter(of(*made, "parse"));
            const auto status =
                table.parse(made->get(), str(secret), arena.border(), &facts, &error);
            trial.expect(status >= 0 || error.message.len != 0,
                         of(*made, "parse") + "refuses without words");
        }
    });
    trial.expect(trial.logged().find(kCanary) == std::string::npos,
                 "log: the account's secret stands in it");
}

}  // namespace parley::check
