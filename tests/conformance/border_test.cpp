// border_test.cpp: what every plugin must hold, whoever wrote it: its components live and die more
// than once, say the same thing twice, and bear any bytes that come from outside.
//
// PARLEY_BORDER_PLUGINS=FILE.so[:FILE.so] tests those instead of the bundled ones.
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <random>
#include <sstream>

#include <gtest/gtest.h>

#include "plugins/codec.hpp"
#include "plugins/library.hpp"

namespace parley::plugins {

namespace {

// What comes from outside and is not what it should be.
const std::vector<std::string>& noise() {
    static const std::vector<std::string> all = [] {
        std::vector<std::string> texts{"",
                                       "{",
                                       "{}",
                                       "[]",
                                       "null",
                                       "\"",
                                       "\xff\xfe",
                                       std::string(3, '\0'),
                                       R"({"model":7})",
                                       R"({"model":"m","messages":{}})",
                                       R"({"error":[]})",
                                       "data: {\n\ndata: [DONE]\n\n",
                                       "event: error\n\n",
                                       std::string(600, '['),
                                       "<html><body>502</body></html>"};
        std::mt19937 random(1);
        for (int i = 0; i < 40; ++i) {
            std::string bytes(random() % 200, ' ');
            for (char& c : bytes) c = static_cast<char>(random());
            texts.push_back(std::move(bytes));
        }
        return texts;
    }();
    return all;
}

std::vector<std::string> plugins_to_test() {
    std::vector<std::string> files;
    if (const char* given = std::getenv("PARLEY_BORDER_PLUGINS")) {
        std::istringstream list(given);
        for (std::string file; std::getline(list, file, ':');) files.push_back(file);
        return files;
    }
    for (const auto& entry : std::filesystem::directory_iterator(PARLEY_BUNDLED_PLUGINS)) {
        if (entry.path().extension() == ".so") files.push_back(entry.path().string());
    }
    std::sort(files.begin(), files.end());
    return files;
}

class Border : public testing::TestWithParam<std::string> {
protected:
    void SetUp() override {
        LoadOptions options;
        services_ = options.services = std::make_shared<HostServices>();
        auto loaded = Library::load(GetParam(), options);
        ASSERT_TRUE(loaded.has_value()) << loaded.error().message;
        library_ = *loaded;
        for (const std::string& warning : library_->warnings()) {
            const bool of_sanitizer = warning.find("san.so") != warning.npos;
            // A store stands on its client library; who installs the one installs the other.
            const bool of_store = GetParam().find("/store-") != std::string::npos &&
                                  warning.find("not every system has it") != warning.npos;
            if (!of_sanitizer && !of_store) ADD_FAILURE() << warning;
        }
    }

    // An instance as it is configured when nothing is said; null where it needs to be told.
    std::shared_ptr<Instance> instance(const Component& component) {
        Instance::Faults faults;
        auto made =
            Instance::make(library_, services_, component, std::string(component.id), {}, faults);
        for (const auto& fault : faults) EXPECT_FALSE(fault.message.empty());
        EXPECT_TRUE(made != nullptr || !faults.empty());
        return made;
    }

    void for_each(std::string_view kind,
                  const std::function<void(std::shared_ptr<Instance>)>& do_) {
        for (const Component& component : library_->components()) {
            if (component.kind_id != kind) continue;
            if (auto made = instance(component)) do_(std::move(made));
        }
    }

    std::shared_ptr<HostServices> services_;
    std::shared_ptr<Library> library_;
};

TEST_P(Border, InstancesLiveAndDieSideBySide) {
    for (const Component& component : library_->components()) {
        for (int round = 0; round < 3; ++round) {
            const auto first = instance(component);
            const auto second = instance(component);
            if (first == nullptr || second == nullptr) continue;
            EXPECT_NE(first->get(), nullptr);
            EXPECT_NE(second->get(), nullptr);
        }
    }
}

TEST_P(Border, DialectsHaveRoutesThatStayTheSame) {
    for_each(PARLEY_KIND_DIALECT, [](std::shared_ptr<Instance> made) {
        const Dialect dialect(std::move(made));
        ASSERT_FALSE(dialect.routes().empty());
        std::uint32_t count = 0;
        EXPECT_EQ(dialect.table().routes(dialect.self(), &count), dialect.routes().data());
        EXPECT_EQ(count, dialect.routes().size());
        for (const parley_route& route : dialect.routes()) {
            EXPECT_GE(route.struct_size, sizeof(parley_route));
            EXPECT_TRUE(view(route.path).starts_with('/')) << view(route.path);
            EXPECT_FALSE(view(route.method).empty());
            EXPECT_EQ(route.flags, 0u);
            const std::size_t hole = view(route.path).find("{model}");
            EXPECT_EQ(view(route.path).find('{'), hole) << view(route.path);
        }
    });
}

// Runs one call of a dialect's for each route and each noise.
void with_noise(const Dialect& dialect,
                const std::function<void(const parley_call&, base::Arena&)>& do_) {
    for (const parley_route& route : dialect.routes()) {
        for (const std::string& body : noise()) {
            base::Arena arena(16 * 1024 * 1024);
            auto http = sized<parley_http_request>();
            http.method = route.method;
            http.path = route.path;
            http.body = bytes(body);
            auto call = sized<parley_call>();
            call.route = route.number;
            call.operation = route.operation;
            call.http = &http;
            call.path_model = str("a-model");
            call.content_type = str("application/json");
            do_(call, arena);
        }
    }
}

void expect_error(const base::Error& error) {
    EXPECT_GT(error.error_class, 0);
    EXPECT_FALSE(error.message.empty());
}

TEST_P(Border, DialectsBearAnyRequest) {
    for_each(PARLEY_KIND_DIALECT, [](std::shared_ptr<Instance> made) {
        const Dialect dialect(std::move(made));
        with_noise(dialect, [&](const parley_call& call, base::Arena& arena) {
            auto peek = sized<parley_peek>();
            if (auto peeked = dialect.peek(call, arena, peek); !peeked) {
                expect_error(peeked.error());
            } else {
                auto retarget = sized<parley_retarget>();
                auto done = dialect.retarget(call, peek, "another", arena, retarget);
                if (!done) expect_error(done.error());
                std::uint64_t at = 0;
                for (std::uint64_t i = 0; i < retarget.edit_count; ++i) {
                    EXPECT_GE(retarget.edits[i].at, at);
                    at = retarget.edits[i].at + retarget.edits[i].len;
                    EXPECT_LE(at, call.http->body.len);
                }
            }
            if (!translates_clients(dialect)) return;
            const auto decoded = decode_request(dialect, call, arena);
            if (!decoded) expect_error(decoded.error());
        });
    });
}

TEST_P(Border, DialectsSayEveryErrorAndReadAnyReply) {
    for_each(PARLEY_KIND_DIALECT, [](std::shared_ptr<Instance> made) {
        const Dialect dialect(std::move(made));
        base::Arena arena(16 * 1024 * 1024);
        for (int error_class = 1; error_class <= PARLEY_E_BUDGET; ++error_class) {
            const auto error = base::client_error(error_class, "quoted \"text\"\n", "a[0].b");
            const Composed reply = dialect.encode_error(nullptr, error, arena);
            EXPECT_GE(reply.head.status, 400u);
            EXPECT_LE(reply.head.status, 599u);
            EXPECT_TRUE(view(reply.head.content_type).starts_with("application/json"));
            EXPECT_FALSE(reply.body.empty());
        }
        for (const unsigned status : {400u, 401u, 403u, 404u, 429u, 500u, 503u, 529u}) {
            for (const std::string& body : noise()) {
                auto head = sized<parley_http_reply_head>();
                head.status = status;
                EXPECT_GT(dialect.decode_error(head, body, arena).error_class, 0);
            }
        }
    });
}

// A stream of noise is never complete, and no tap takes more than it was given.
TEST_P(Border, TapsAreNotFooled) {
    for_each(PARLEY_KIND_DIALECT, [](std::shared_ptr<Instance> made) {
        const Dialect dialect(std::move(made));
        for (const parley_route& route : dialect.routes()) {
            if (route.operation != PARLEY_OPERATION_GENERATE) continue;
            for (const std::string& body : noise()) {
                base::Arena arena(16 * 1024 * 1024);
                auto http = sized<parley_http_request>();
                http.method = route.method;
                http.path = route.path;
                auto call = sized<parley_call>();
                call.route = route.number;
                call.operation = route.operation;
                call.http = &http;
                constexpr std::string_view kAsksForAStream = R"({"model":"m","stream":true})";
                http.body = bytes(kAsksForAStream);
                call.content_type = str("application/json");
                call.path_model = str("m");
                auto peek = sized<parley_peek>();
                if (!dialect.peek(call, arena, peek)) continue;
                if ((peek.flags & PARLEY_PEEK_STREAM) == 0) continue;
                auto head = sized<parley_http_reply_head>();
                head.status = 200;
                head.content_type = str("text/event-stream");
                auto open = sized<parley_tap_open>();
                open.call = &call;
                open.peek = &peek;
                open.head = &head;
                Tap tap;
                ASSERT_TRUE(tap.open(dialect, open, arena).has_value());
                const auto fed = tap.feed(body, true);
                EXPECT_TRUE(!fed || tap.view().state != PARLEY_TAP_COMPLETE) << body;
                // Nothing can follow an array that is closed: the connection is broken then.
                const auto told = tap.fail(base::gateway_error(PARLEY_E_TIMEOUT, "late"));
                EXPECT_TRUE(!told.empty() || body.ends_with(']') || body.starts_with('[')) << body;
            }
        }
    });
}

TEST_P(Border, ProvidersPlanTheSameTwice) {
    for_each(PARLEY_KIND_PROVIDER, [](std::shared_ptr<Instance> made) {
        const Provider provider(std::move(made));
        ASSERT_FALSE(provider.dialects().empty());
        auto account = sized<parley_account>();
        account.id = account.label = str("main");
        account.secret = str("sk-border-secret");
        auto http = sized<parley_http_request>();
        http.method = str("POST");
        http.path = str("/v1/anything");
        for (const parley_str dialect : provider.dialects()) {
            auto ask = sized<parley_plan_ask>();
            ask.operation = PARLEY_OPERATION_GENERATE;
            ask.attempt = 1;
            ask.dialect = dialect;
            ask.model = str("a-model");
            ask.path = str("/v1/anything");
            ask.account = &account;
            ask.client = &http;
            base::Arena arena(1024 * 1024);
            auto plan = sized<parley_plan>();
            auto again = sized<parley_plan>();
            ASSERT_TRUE(provider.plan(ask, arena, plan).has_value());
            ASSERT_TRUE(provider.plan(ask, arena, again).has_value());
            EXPECT_EQ(view(plan.origin), view(again.origin));
            EXPECT_EQ(view(plan.target), view(again.target));
            EXPECT_EQ(view(plan.target).find("sk-border"), std::string_view::npos);
            for (std::uint64_t i = 0; i < plan.header_count; ++i) {
                const bool secret =
                    view(plan.headers[i].value).find("sk-border") != std::string_view::npos;
                EXPECT_TRUE(!secret || (plan.headers[i].flags & PARLEY_HEADER_SECRET) != 0);
            }
            for (const std::string& body : noise()) {
                auto head = sized<parley_http_reply_head>();
                head.status = 500;
                const auto told = base::upstream_error(PARLEY_E_UPSTREAM_FAILED, "told");
                EXPECT_GT(provider.classify(account, &head, body, told, arena).error.error_class,
                          0);
                EXPECT_GT(provider.classify(account, nullptr, {}, told, arena).error.error_class,
                          0);
            }
        }
    });
}

std::string name_of(const testing::TestParamInfo<std::string>& plugin) {
    std::string name = std::filesystem::path(plugin.param).stem().string();
    const auto is_odd = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) == 0; };
    std::replace_if(name.begin(), name.end(), is_odd, '_');
    return name;
}

INSTANTIATE_TEST_SUITE_P(Plugin, Border, testing::ValuesIn(plugins_to_test()), name_of);

}  // namespace

}  // namespace parley::plugins
