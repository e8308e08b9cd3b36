// How the host drives ops: their effects in order, an end at any moment, and what no op may do.
#include "accounts/op_run.hpp"

#include <gtest/gtest.h>

#include "script.hpp"

namespace parley::accounts {

namespace {

class OpRunTest : public testing::Test {
protected:
    std::shared_ptr<OpRun> start(std::vector<ScriptOp::Step> steps) {
        return OpRun::start(
            loop, outside, bounds, ScriptOp::make(std::move(steps), &alive), [this](auto result) {
                ended = std::move(result);
                loop.stop();
            });
    }

    std::string outcome() const {
        if (!ended) return "goes on";
        if (!*ended)
            return std::to_string(ended->error().error_class) + " " + ended->error().message;
        return "published " + std::string((*ended)->reveal());
    }

    http::Loop loop{0};
    std::shared_ptr<ScriptedOutside> outside = std::make_shared<ScriptedOutside>();
    OpBounds bounds{60'000, 5'000, 50, 4};
    std::optional<Result<base::Secret>> ended;
    int alive = 0;
};

// Every effect that there is, one after the other; each step writes down what came.
std::vector<ScriptOp::Step> all_effects(std::string& transcript) {
    const auto note = [&transcript](const parley_resume& r) {
        transcript += std::to_string(r.kind) + ':' + std::to_string(r.id);
        if (r.status < 0) transcript += " failed " + std::to_string(-r.status);
        if (r.head != nullptr) transcript += " http " + std::to_string(r.head->status);
        if (r.bytes.len != 0) transcript += ' ' + std::string(view(r.bytes));
        if (r.wall_ms != 0) transcript += " at " + std::to_string(r.wall_ms);
        transcript += '\n';
        return r.status;
    };
    return {
        [=](const parley_resume& r, const parley_effects& e) {
            note(r);
            return e.clock(&e, 11) == PARLEY_OK ? PARLEY_PENDING : -PARLEY_E_INTERNAL;
        },
        [=](const parley_resume& r, const parley_effects& e) {
            if (note(r) < 0) return r.status;
            return e.random(&e, 12, 3) == PARLEY_OK ? PARLEY_PENDING : -PARLEY_E_INTERNAL;
        },
        [=](const parley_resume& r, const parley_effects& e) {
            if (note(r) < 0) return r.status;
            return ask_http(e, 13) == PARLEY_OK ? PARLEY_PENDING : -PARLEY_E_INTERNAL;
        },
        [=](const parley_resume& r, const parley_effects& e) {
            if (note(r) < 0) return r.status;
            return e.timer(&e, 14, 1) == PARLEY_OK ? PARLEY_PENDING : -PARLEY_E_INTERNAL;
        },
        [=](const parley_resume& r, const parley_effects& e) {
            if (note(r) < 0) return r.status;
            return e.publish(&e, str("the result")) == PARLEY_OK ? PARLEY_DONE : -PARLEY_E_INTERNAL;
        },
    };
}

TEST_F(OpRunTest, GoesByItsTranscript) {
    std::string transcript;
    const auto run = start(all_effects(transcript));
    ASSERT_EQ(outside->calls.size(), 1u);
    const http::Call& call = outside->calls[0]->call;
    EXPECT_EQ(call.origin + call.target, "https://a.example/token");
    EXPECT_EQ(call.fields.reveal(),
              "user-agent: parley/" PARLEY_VERSION "\r\ncontent-type: text/plain\r\n");
    EXPECT_EQ(call.body.reveal(), "please");
    EXPECT_EQ(call.timeout_ms, 5'000u);
    EXPECT_EQ(call.reply_bytes_max, 1024u * 1024);
    EXPECT_FALSE(call.is_idempotent);
    outside->calls[0]->answer(ScriptedOutside::reply(404, "no"));
    EXPECT_EQ(outcome(), "goes on");
    loop.run();
    EXPECT_EQ(outcome(), "published the result");
    EXPECT_EQ(transcript, "0:0\n6:11 at 1700000000000\n5:12 rrr\n1:13 http 404 no\n2:14\n");
    EXPECT_EQ(alive, 0);
    EXPECT_TRUE(run->is_over());
}

TEST_F(OpRunTest, EndsWithAnErrorOfAnEffect) {
    std::string transcript;
    const auto run = start(all_effects(transcript));
    outside->calls[0]->answer(base::upstream_error(PARLEY_E_TIMEOUT, "late"));
    EXPECT_EQ(outcome(), "15 it failed");
    EXPECT_EQ(ended->error().scope, static_cast<unsigned>(PARLEY_SCOPE_ACCOUNT));
    EXPECT_EQ(transcript, "0:0\n6:11 at 1700000000000\n5:12 rrr\n1:13 failed 15\n");
    EXPECT_EQ(alive, 0);
}

TEST_F(OpRunTest, IsCancelledAtACallAndAtATimer) {
    std::string transcript;
    auto run = start(all_effects(transcript));
    run->cancel();
    EXPECT_EQ(alive, 0) << "at once, whatever its effects do";
    EXPECT_EQ(outside->cancelled, 1);
    run = start(all_effects(transcript));
    outside->calls[1]->answer(ScriptedOutside::reply(200, "yes"));
    run->cancel();
    run.reset();
    EXPECT_EQ(alive, 0);
    EXPECT_EQ(outcome(), "goes on") << "who cancels is not told";
    loop.post([this] { loop.stop(); });
    loop.run();
    EXPECT_EQ(transcript.find("2:14"), transcript.npos);
}

TEST_F(OpRunTest, IsDroppedWhileItWaits) {
    std::string transcript;
    auto run = start(all_effects(transcript));
    run.reset();
    EXPECT_EQ(alive, 1) << "the call holds it";
    outside->calls[0]->answer(base::upstream_error(PARLEY_E_UPSTREAM_FAILED, "broken"));
    EXPECT_EQ(alive, 0);
    EXPECT_EQ(outcome(), "13 it failed");
}

TEST_F(OpRunTest, FailsAtEveryStep) {
    for (std::size_t at = 0; at < 5; ++at) {
        std::string transcript;
        auto steps = all_effects(transcript);
        steps[at] = [](const parley_resume&, const parley_effects& e) {
            EXPECT_EQ(e.timer(&e, 99, 1), PARLEY_OK);
            EXPECT_EQ(ask_http(e, 98), PARLEY_OK);
            return -PARLEY_E_UPSTREAM_FAILED;
        };
        ended.reset();
        outside->calls.clear();
        const auto run = start(std::move(steps));
        if (at > 2) outside->calls.at(0)->answer(ScriptedOutside::reply(200, ""));
        if (at > 3) {
            loop.io().restart();
            loop.run();
        }
        EXPECT_EQ(outcome(), "13 it failed") << at;
        EXPECT_EQ(alive, 0);
        EXPECT_EQ(outside->calls.size(), at > 2 ? 1u : 0u) << "what it asked for last is dropped";
    }
}

TEST_F(OpRunTest, DropsWhatIsOutstandingWhenItIsDone) {
    const auto run = start({[](const parley_resume&, const parley_effects& e) {
                                EXPECT_EQ(ask_http(e, 1), PARLEY_OK);
                                EXPECT_EQ(ask_http(e, 2), PARLEY_OK);
                                return PARLEY_PENDING;
                            },
                            [](const parley_resume& r, const parley_effects& e) {
                                EXPECT_EQ(r.id, 2u) << "in any order";
                                EXPECT_EQ(ask_http(e, 3), PARLEY_OK);
                                e.publish(&e, str("x"));
                                return PARLEY_DONE;
                            }});
    outside->calls[1]->answer(ScriptedOutside::reply(200, ""));
    EXPECT_EQ(outcome(), "published x");
    EXPECT_EQ(outside->calls.size(), 2u);
    EXPECT_EQ(outside->cancelled, 1);
}

TEST_F(OpRunTest, BoundsStepsEffectsAndTime) {
    bounds.steps_max = 10;
    const auto endless = start({[](const parley_resume&, const parley_effects& e) {
        return e.clock(&e, 1) == PARLEY_OK ? PARLEY_PENDING : -PARLEY_E_INTERNAL;
    }});
    EXPECT_EQ(outcome(), "21 op: took over 10 steps");
    const auto greedy = start({[](const parley_resume&, const parley_effects& e) {
        for (std::uint64_t id = 0; id < 4; ++id) EXPECT_EQ(e.timer(&e, id, 60'000), PARLEY_OK);
        return e.timer(&e, 4, 60'000);
    }});
    EXPECT_EQ(outcome(), "23 it failed");
    bounds.total_ms = 1;
    ended.reset();
    std::string transcript;
    const auto slow = start(all_effects(transcript));
    loop.io().restart();
    loop.run();
    EXPECT_EQ(outcome(), "15 op: timed out");
    EXPECT_EQ(outside->cancelled, 1);
    EXPECT_EQ(alive, 0);
}

TEST_F(OpRunTest, CatchesWhatNoOpMayDo) {
    using Resume = parley_resume;
    using Effects = parley_effects;
    const std::vector<std::pair<ScriptOp::Step, std::string>> wrong = {
        {[](const Resume&, const Effects&) { return PARLEY_PENDING; }, "21 op: waits for nothing"},
        {[](const Resume&, const Effects&) { return PARLEY_DONE; },
         "21 op: is done without a result"},
        {[](const Resume&, const Effects&) { return PARLEY_OK; },
         "21 script: op: returned status 0"},
        {[](const Resume&, const Effects& e) {
             e.publish(&e, str("x"));
             e.clock(&e, 1);
             return PARLEY_PENDING;
         },
         "21 op: published and goes on"},
        {[](const Resume&, const Effects& e) {
             return e.publish(&e, str("x")) + e.publish(&e, str("y"));
         },
         "1 it failed"},
        {[](const Resume&, const Effects& e) { return e.timer(&e, 1, 1) + e.clock(&e, 1); },
         "1 it failed"},
        {[](const Resume&, const Effects& e) { return e.random(&e, 1, PARLEY_RANDOM_MAX + 1); },
         "1 it failed"},
    };
    for (const auto& [step, expected] : wrong) {
        ended.reset();
        const auto run = start({step});
        EXPECT_EQ(outcome(), expected);
        EXPECT_EQ(alive, 0);
    }
}

// A person whom the test moves.
class Somebody final : public Person {
public:
    Result<void> show(const Errand& errand) override {
        shown.push_back(errand);
        return {};
    }

    Task<Result<base::Secret>> await(const Callback& callback,
                                     http::Cancellation& cancellation) override {
        return wait(*this, callback, cancellation);
    }

    void come_back(const std::string& query) {
        back = base::Secret(query);
        std::exchange(waiter, nullptr).resume();
    }

    std::vector<Errand> shown;
    std::string awaited;
    std::coroutine_handle<> waiter = {};
    std::optional<base::Secret> back;
    int left = 0;

private:
    struct Back {
        Somebody& self;

        bool await_ready() const { return false; }

        void await_suspend(std::coroutine_handle<> by) { self.waiter = by; }

        void await_resume() const {}
    };

    static Task<Result<base::Secret>> wait(Somebody& self,
                                           const Callback& callback,
                                           http::Cancellation& cancellation) {
        self.awaited = std::to_string(callback.port) + callback.path + ' ' +
                       std::string(callback.state.reveal());
        cancellation.hook(&self, [](void* s) {
            auto& somebody = *static_cast<Somebody*>(s);
            if (somebody.waiter) std::exchange(somebody.waiter, nullptr).resume();
        });
        Back come{self};
        co_await come;
        cancellation.unhook();
        if (self.back) co_return std::move(*self.back);
        ++self.left;
        co_return base::client_error(PARLEY_E_CANCELLED, "cancelled");
    }
};

parley_status ask_show(const parley_effects& e, std::uint64_t id, const char* url) {
    auto show = sized<parley_show_user>();
    show.url = str(url);
    show.code = str("AB-CD");
    show.expires_in_ms = 9;
    return e.show_user(&e, id, &show);
}

parley_status ask_callback(const parley_effects& e,
                           std::uint64_t id,
                           const char* path = "/callback",
                           const char* state = "state-of-sixteen-bytes",
                           std::uint32_t port = 1455) {
    auto callback = sized<parley_await_callback>();
    callback.port = port;
    callback.path = str(path);
    callback.state = str(state);
    return e.await_callback(&e, id, &callback);
}

std::vector<ScriptOp::Step> sees_somebody() {
    return {[](const parley_resume&, const parley_effects& e) {
                return ask_show(e, 1, "https://a.example/") == PARLEY_OK ? PARLEY_PENDING
                                                                         : -PARLEY_E_INTERNAL;
            },
            [](const parley_resume& r, const parley_effects& e) {
                if (r.status < 0) return r.status;
                return ask_callback(e, 2) == PARLEY_OK ? PARLEY_PENDING : -PARLEY_E_INTERNAL;
            },
            [](const parley_resume& r, const parley_effects& e) {
                if (r.status < 0) return r.status;
                e.publish(&e, r.query);
                return PARLEY_DONE;
            }};
}

TEST_F(OpRunTest, ShowsSomebodyAndHearsOfTheBrowser) {
    Somebody somebody;
    outside->somebody = &somebody;
    const auto run = start(sees_somebody());
    ASSERT_EQ(somebody.shown.size(), 1u);
    EXPECT_EQ(somebody.shown[0].url, "https://a.example/");
    EXPECT_EQ(somebody.shown[0].code, "AB-CD");
    EXPECT_EQ(somebody.shown[0].expires_in_ms, 9u);
    EXPECT_EQ(somebody.awaited, "1455/callback state-of-sixteen-bytes");
    EXPECT_EQ(outcome(), "goes on");
    somebody.come_back("code=a%20b&state=s");
    EXPECT_EQ(outcome(), "published code=a%20b&state=s");
}

TEST_F(OpRunTest, StopsWaitingForTheBrowserWhenItIsCancelled) {
    Somebody somebody;
    outside->somebody = &somebody;
    const auto run = start(sees_somebody());
    run->cancel();
    EXPECT_EQ(alive, 0);
    EXPECT_EQ(somebody.left, 1);
    EXPECT_EQ(outcome(), "goes on");
}

TEST_F(OpRunTest, SaysThatNobodyIsThere) {
    const auto shows = start(sees_somebody());
    EXPECT_EQ(outcome(), "2 it failed");
    ended.reset();
    auto steps = sees_somebody();
    steps.erase(steps.begin());
    const auto awaits =
        start({[](const parley_resume&, const parley_effects& e) {
                   return ask_callback(e, 2) == PARLEY_OK ? PARLEY_PENDING : -PARLEY_E_INTERNAL;
               },
               steps.back()});
    EXPECT_EQ(outcome(), "2 it failed");
}

TEST_F(OpRunTest, AwaitsNoCallbackThatCannotBeToldApart) {
    const std::vector<ScriptOp::Step> wrong = {
        [](const auto&, const parley_effects& e) { return ask_callback(e, 1, "callback"); },
        [](const auto&, const parley_effects& e) { return ask_callback(e, 1, "/a?b"); },
        [](const auto&, const parley_effects& e) { return ask_callback(e, 1, "/a", "guess"); },
        [](const auto&, const parley_effects& e) {
            return ask_callback(e, 1, "/a", "state-of-sixteen-bytes", 70'000);
        },
        [](const auto&, const parley_effects& e) { return ask_show(e, 1, ""); },
    };
    for (const auto& step : wrong) {
        ended.reset();
        const auto run = start({step});
        EXPECT_EQ(outcome(), "1 it failed");
    }
}

TEST_F(OpRunTest, OffersNoEffectThatItCannotPerform) {
    const auto run = start({[](const parley_resume&, const parley_effects& e) {
        EXPECT_FALSE(PARLEY_HAS(&e, parley_effects, store_get));
        EXPECT_FALSE(PARLEY_HAS(&e, parley_effects, store_put));
        return -PARLEY_E_UNSUPPORTED;
    }});
    EXPECT_EQ(outcome(), "2 it failed");
}

TEST_F(OpRunTest, SendsNothingThatBendsTheRequest) {
    struct Bad {
        const char* method = "POST";
        const char* url = "https://a.example/";
        const char* name = "x-a";
        const char* value = "b";
        const char* type = "";
        const char* body = "";
    };

    const std::vector<Bad> all = {{.method = "PO ST"},
                                  {.method = ""},
                                  {.url = "http://a.example/"},
                                  {.url = "/token"},
                                  {.name = "a b"},
                                  {.name = ""},
                                  {.name = "Host"},
                                  {.name = "content-length"},
                                  {.name = "Transfer-Encoding"},
                                  {.value = "b\r\nx-evil: 1"},
                                  {.type = "a\nb"},
                                  {.body = "a body of no type"}};
    for (const Bad& bad : all) {
        ended.reset();
        const auto run = start({[&](const parley_resume&, const parley_effects& e) {
            const parley_header header{str(bad.name), str(bad.value), 0};
            auto call = sized<parley_http_call>();
            call.method = str(bad.method);
            call.url = str(bad.url);
            call.headers = &header;
            call.header_count = 1;
            call.content_type = str(bad.type);
            call.body = plugins::bytes(bad.body);
            return e.http(&e, 1, &call);
        }});
        EXPECT_EQ(outcome(), "1 it failed") << bad.method << bad.url << bad.name;
    }
}

}  // namespace

}  // namespace parley::accounts
