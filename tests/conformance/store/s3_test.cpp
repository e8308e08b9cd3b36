// s3_test.cpp: servers of S3 that are slow, late, gone or of their own mind, by a script.
#include <atomic>
#include <cctype>
#include <csignal>
#include <cstdlib>
#include <functional>
#include <map>
#include <mutex>
#include <netinet/in.h>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>

#include "s3_stage.hpp"

namespace parley::store_test {

namespace {

struct Asked {
    std::string method;
    std::string path;
    std::string head;  // with its fields, names in lower case
    std::string body;

    bool has(std::string_view field) const { return head.find(field) != head.npos; }
};

struct Answer {
    int status = 200;
    std::string body;
    std::string fields;  // each with its line break
};

// Answers one request after the other, each on a connection of its own.
class ScriptedServer {
public:
    using Script = std::function<Answer(const Asked&)>;

    ScriptedServer() {
        listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof(address);
        auto* const generic = reinterpret_cast<sockaddr*>(&address);
        EXPECT_EQ(::bind(listener_, generic, size), 0);
        EXPECT_EQ(::getsockname(listener_, generic, &size), 0);
        EXPECT_EQ(::listen(listener_, 16), 0);
        port_ = ntohs(address.sin_port);
        thread_ = std::thread([this] { serve(); });
    }

    ~ScriptedServer() {
        ::shutdown(listener_, SHUT_RDWR);
        thread_.join();
        ::close(listener_);
    }

    void script(Script next) {
        const std::lock_guard guard(mutex_);
        script_ = std::move(next);
        asked_.clear();
    }

    std::vector<Asked> asked() {
        const std::lock_guard guard(mutex_);
        return asked_;
    }

    std::string settings() const {
        return "{\"bucket\":\"bucket\",\"access_key\":\"a\",\"secret_key\":\"s\","
               "\"session_token\":\"the-session\",\"timeout_ms\":5000,"
               "\"endpoint\":\"http://127.0.0.1:" +
               std::to_string(port_) + "\"}";
    }

private:
    void serve() {
        for (;;) {
            const int peer = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
            if (peer < 0) return;
            answer(peer);
            ::close(peer);
        }
    }

    void answer(int peer) {
        std::string text;
        char piece[4096];
        std::size_t end = 0;
        std::size_t length = 0;
        do {
            const ssize_t count = ::recv(peer, piece, sizeof(piece), 0);
            if (count <= 0) return;
            text.append(piece, static_cast<std::size_t>(count));
            end = text.find("\r\n\r\n");
            if (end == text.npos) continue;
            const std::size_t at = lower(text.substr(0, end)).find("content-length: ");
            length = at < end ? std::stoul(text.substr(at + 16)) : 0;
        } while (end == text.npos || text.size() < end + 4 + length);
        Asked asked;
        asked.method = text.substr(0, text.find(' '));
        const std::size_t path = asked.method.size() + 1;
        asked.path = text.substr(path, text.find(' ', path) - path);
        asked.head = lower(text.substr(0, end));
        asked.body = text.substr(end + 4);
        Answer reply;
        {
            const std::lock_guard guard(mutex_);
            asked_.push_back(asked);
            reply = script_(asked);
        }
        const std::string out =
            "HTTP/1.1 " + std::to_string(reply.status) + " Answer\r\n" + reply.fields +
            "connection: close\r\ncontent-length: " + std::to_string(reply.body.size()) +
            "\r\n\r\n" + reply.body;
        ::send(peer, out.data(), out.size(), MSG_NOSIGNAL);
    }

    static std::string lower(std::string text) {
        for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
        return text;
    }

    int listener_ = -1;
    int port_ = 0;
    std::mutex mutex_;
    Script script_ = [](const Asked&) { return Answer{}; };
    std::vector<Asked> asked_;
    std::thread thread_;
};

constexpr const char* kEmptyList =
    "<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>";

Answer error(int status, const std::string& code, const std::string& fields = {}) {
    return {status, "<Error><Code>" + code + "</Code><Message>m</Message></Error>", fields};
}

Answer etag(const std::string& value) {
    return {200, "", "ETag: \"" + value + "\"\r\n"};
}

// A server that keeps conditions, in as far as open asks for them.
Answer honest(const Asked& asked) {
    if (asked.method == "GET") return {200, kEmptyList, ""};
    if (asked.has("if-none-match: *")) return error(412, "PreconditionFailed");
    if (asked.has("if-match:") && !asked.has("\"e1\"")) return error(412, "PreconditionFailed");
    return etag("e1");
}

class S3Server : public testing::Test {
protected:
    Told open(ScriptedServer::Script script = honest) {
        server_.script(std::move(script));
        client_ =
            std::make_unique<Client>(PARLEY_BUNDLED_PLUGINS "/store-s3.so", server_.settings());
        return client_->open();
    }

    ScriptedServer server_;
    std::unique_ptr<Client> client_;
};

TEST_F(S3Server, IsAskedInItsOwnTongue) {
    PARLEY_ASSERT_OK(open());
    EXPECT_TRUE(client_->can(PARLEY_STORE_CAS));
    EXPECT_TRUE(client_->can(PARLEY_STORE_LEASE));
    for (const Asked& asked : server_.asked()) {
        EXPECT_TRUE(asked.path.starts_with("/bucket")) << asked.path;
        EXPECT_TRUE(asked.has("x-amz-security-token: the-session"));
        EXPECT_TRUE(
            asked.has("signedheaders=host;x-amz-content-sha256;x-amz-date;"
                      "x-amz-security-token"));
    }
}

TEST_F(S3Server, IsToldWhoWeAreByTheEnvironment) {
    server_.script(honest);
    const std::string all = server_.settings();
    ::setenv("AWS_ACCESS_KEY_ID", "from-outside", 1);
    ::setenv("AWS_SECRET_ACCESS_KEY", "s", 1);
    ::setenv("AWS_SESSION_TOKEN", "another-session", 1);
    Client client(PARLEY_BUNDLED_PLUGINS "/store-s3.so",
                  "{\"bucket\":\"bucket\"," + all.substr(all.find("\"endpoint\"")));
    for (const char* name : {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"}) {
        ::unsetenv(name);
    }
    PARLEY_ASSERT_OK(client.open());
    EXPECT_GT(server_.asked().size(), 3u);
    for (const Asked& asked : server_.asked()) {
        EXPECT_TRUE(asked.has("credential=from-outside/")) << asked.head;
        EXPECT_TRUE(asked.has("x-amz-security-token: another-session")) << asked.head;
    }
}

TEST_F(S3Server, ThatKnowsNoConditionsHasOneWriter) {
    PARLEY_ASSERT_OK(open([](const Asked& asked) {
        if (asked.has("if-match:") || asked.has("if-none-match:")) {
            return error(501, "NotImplemented");
        }
        return asked.method == "GET" ? Answer{200, kEmptyList, ""} : etag("e1");
    }));
    EXPECT_FALSE(client_->can(PARLEY_STORE_CAS | PARLEY_STORE_LEASE));
    EXPECT_FALSE(client_->can(PARLEY_STORE_CAS));
    EXPECT_NE(Client::log_lines().back().find("conditional writes"), std::string::npos);
}

// A server that keeps objects and no conditions.
class Shelf {
public:
    Answer operator()(const Asked& asked) {
        const std::string name = asked.path.substr(0, asked.path.find('?'));
        if (asked.method == "PUT") {
            objects_[name] = asked.body;
            return etag("e" + std::to_string(++puts_));
        }
        if (asked.method == "DELETE") {
            objects_.erase(name);
            return {204, "", ""};
        }
        if (asked.path.find("list-type") != asked.path.npos) return {200, kEmptyList, ""};
        const auto found = objects_.find(name);
        if (found == objects_.end()) return error(404, "NoSuchKey");
        return {200, found->second, "ETag: \"e\"\r\n"};
    }

private:
    std::map<std::string, std::string> objects_;
    int puts_ = 0;
};

TEST_F(S3Server, WithoutConditionsRefusesASecondWriter) {
    Shelf shelf;
    PARLEY_ASSERT_OK(open([&shelf](const Asked& asked) { return shelf(asked); }));
    EXPECT_FALSE(client_->can(PARLEY_STORE_CAS));
    Client other(PARLEY_BUNDLED_PLUGINS "/store-s3.so", server_.settings());
    PARLEY_ASSERT_OK(other.open());
    PARLEY_ASSERT_OK(client_->put("a", "{}"));
    PARLEY_ASSERT_OK(client_->put("b", "{}"));
    const Written refused = other.put("a", "[]");
    PARLEY_EXPECT_CLASS(refused, PARLEY_E_OVERLOADED);
    EXPECT_NE(refused.message.find("another Parley writes"), std::string::npos) << refused.message;
    EXPECT_GT(refused.retry_after_ms, 1'000u);
    EXPECT_EQ(other.get("a").document.value, "{}") << "it reads all the same";
    client_->close();
    PARLEY_ASSERT_OK(other.put("a", "[]"));
    EXPECT_EQ(other.get("a").document.value, "[]");
}

TEST_F(S3Server, IsAskedByTheNameOfTheBucketWhereThatIsWished) {
    server_.script(honest);
    std::string settings = server_.settings();
    settings.replace(settings.find("127.0.0.1"), 9, "localhost");
    settings.insert(1, "\"addressing\":\"virtual\",");
    Client client(PARLEY_BUNDLED_PLUGINS "/store-s3.so", settings);
    PARLEY_ASSERT_OK(client.open());
    for (const Asked& asked : server_.asked()) {
        EXPECT_TRUE(asked.has("host: bucket.localhost:")) << asked.head;
        EXPECT_FALSE(asked.path.starts_with("/bucket")) << asked.path;
    }
    EXPECT_GT(server_.asked().size(), 3u);
}

TEST_F(S3Server, ThatIgnoresConditionsIsFoundOut) {
    PARLEY_ASSERT_OK(open([](const Asked& asked) {
        return asked.method == "GET" ? Answer{200, kEmptyList, ""} : etag("e1");
    }));
    EXPECT_FALSE(client_->can(PARLEY_STORE_CAS));
}

TEST_F(S3Server, ThatWantsEtagsWithoutQuotesGetsThem) {
    PARLEY_ASSERT_OK(open([](const Asked& asked) {
        if (asked.has("if-match: \"")) return error(412, "PreconditionFailed");
        if (asked.has("if-match: e1")) return etag("e1");
        if (asked.has("if-match:")) return error(412, "PreconditionFailed");
        return honest(asked);
    }));
    EXPECT_TRUE(client_->can(PARLEY_STORE_CAS));
}

TEST_F(S3Server, ThatAsksForSlownessGetsIt) {
    PARLEY_ASSERT_OK(open());
    int refusals = 2;
    const auto script = [&refusals](const Asked&) {
        if (refusals-- > 0) return error(503, "SlowDown");
        return Answer{200, "{}", "ETag: \"e1\"\r\ncontent-type: application/json\r\n"};
    };
    server_.script(script);
    PARLEY_ASSERT_OK(client_->get("a"));
    EXPECT_EQ(server_.asked().size(), 3u);
    refusals = 1000;
    const Got got = client_->get("a");
    PARLEY_EXPECT_CLASS(got, PARLEY_E_OVERLOADED);
    EXPECT_GT(got.retry_after_ms, 0u);
}

TEST_F(S3Server, OfAnotherTimeIsUnderstood) {
    PARLEY_ASSERT_OK(open());
    server_.script([](const Asked& asked) {
        const std::string date = "Date: Sat, 01 Jan 2033 00:00:00 GMT\r\n";
        if (!asked.has("x-amz-date: 2033010")) return error(403, "RequestTimeTooSkewed", date);
        return Answer{200, "{}", date + "ETag: \"e1\"\r\n"};
    });
    PARLEY_ASSERT_OK(client_->get("a"));
    EXPECT_EQ(server_.asked().size(), 2u);
    PARLEY_ASSERT_OK(client_->get("a"));
    EXPECT_EQ(server_.asked().size(), 3u);
}

TEST_F(S3Server, WhoseKeysRunOutForbidsAndNothingIsLost) {
    PARLEY_ASSERT_OK(open());
    for (const char* code : {"ExpiredToken", "InvalidAccessKeyId", "AccessDenied"}) {
        server_.script([code](const Asked&) { return error(403, code); });
        const Got got = client_->get("a");
        PARLEY_EXPECT_CLASS(got, PARLEY_E_FORBIDDEN);
        EXPECT_NE(got.message.find(code), std::string::npos) << got.message;
        PARLEY_EXPECT_CLASS(client_->put("a", "{}"), PARLEY_E_FORBIDDEN);
        PARLEY_EXPECT_CLASS(client_->health(), PARLEY_E_FORBIDDEN);
        EXPECT_EQ(server_.asked().size(), 3u) << "what is forbidden is not tried again";
    }
    server_.script(honest);
    PARLEY_ASSERT_OK(client_->put("a", "{}"));
}

// MinIO's words for it, and RadosGW's.
TEST_F(S3Server, WithoutRoomOnItsDiskTakesNothing) {
    PARLEY_ASSERT_OK(open());
    for (const auto& [status, code] :
         {std::pair{507, "XMinioStorageFull"}, std::pair{403, "QuotaExceeded"}}) {
        server_.script([status = status, code = code](const Asked& asked) {
            if (asked.method == "PUT") return error(status, code);
            return Answer{200, "{}", "ETag: \"e1\"\r\n"};
        });
        const Written put = client_->put("a", "[]");
        EXPECT_LT(put.status, 0);
        EXPECT_NE(put.message.find(code), std::string::npos) << put.message;
        EXPECT_EQ(client_->get("a").document.value, "{}") << "what was there is read";
    }
    server_.script(honest);
    PARLEY_ASSERT_OK(client_->put("a", "[]"));
}

TEST_F(S3Server, ThatIsNotThereIsNamed) {
    Client client(PARLEY_BUNDLED_PLUGINS "/store-s3.so",
                  R"({"bucket":"bucket","access_key":"a","secret_key":"s",)"
                  R"("endpoint":"http://127.0.0.1:1"})");
    const Told told = client.open();
    PARLEY_EXPECT_CLASS(told, PARLEY_E_INTERNAL);
    EXPECT_NE(told.message.find("127.0.0.1 port 1"), std::string::npos) << told.message;
}

TEST_F(S3Server, OfAnotherRegionSaysWhich) {
    PARLEY_ASSERT_OK(open());
    server_.script([](const Asked&) {
        return Answer{400,
                      "<Error><Code>AuthorizationHeaderMalformed</Code><Message>m</Message>"
                      "<Region>eu-west-1</Region></Error>",
                      ""};
    });
    EXPECT_NE(client_->get("a").message.find("in region \"eu-west-1\""), std::string::npos);
    server_.script([](const Asked&) {
        return error(301, "PermanentRedirect", "x-amz-bucket-region: eu-west-2\r\n");
    });
    const Listed listed = client_->list("");
    EXPECT_NE(listed.message.find("in region \"eu-west-2\""), std::string::npos) << listed.message;
}

TEST_F(S3Server, DoesNotGuessAtWhatALaterVersionWrote) {
    PARLEY_ASSERT_OK(open());
    server_.script([](const Asked&) {
        return Answer{200, "parley-object/2 0123456789abcdef document\n{}", "ETag: \"e1\"\r\n"};
    });
    const Got got = client_->get("a");
    PARLEY_EXPECT_CLASS(got, PARLEY_E_CORRUPT_STATE);
    EXPECT_NE(got.message.find("later version"), std::string::npos) << got.message;
}

TEST_F(S3Server, WithoutItsBucketHasNoAnswer) {
    PARLEY_ASSERT_OK(open());
    server_.script([](const Asked&) { return error(404, "NoSuchBucket"); });
    PARLEY_EXPECT_CLASS(client_->get("a"), PARLEY_E_INTERNAL);
    PARLEY_EXPECT_CLASS(client_->list(""), PARLEY_E_INTERNAL);
    server_.script([](const Asked&) { return Answer{404, "<html>not here</html>", ""}; });
    PARLEY_EXPECT_CLASS(client_->get("a"), PARLEY_E_INTERNAL);
    server_.script([](const Asked&) { return error(403, "InvalidAccessKeyId"); });
    PARLEY_EXPECT_CLASS(client_->get("a"), PARLEY_E_FORBIDDEN);
    PARLEY_EXPECT_CLASS(client_->list(""), PARLEY_E_FORBIDDEN);
    PARLEY_EXPECT_CLASS(client_->put("a", "{}"), PARLEY_E_FORBIDDEN);
    server_.script([](const Asked&) {
        return Answer{200, "<ListBucketResult><Contents><Key>parley/docu", ""};
    });
    PARLEY_EXPECT_CLASS(client_->list(""), PARLEY_E_CORRUPT_STATE);
}

// The first try was done, though the server said otherwise; the second finds its own work.
TEST_F(S3Server, DoesNotTakeItsOwnWriteForAnothers) {
    PARLEY_ASSERT_OK(open());
    std::string written;
    server_.script([&written](const Asked& asked) {
        if (asked.method == "GET") {
            if (written.empty()) return error(404, "NoSuchKey");
            return Answer{200, written, "ETag: \"mine\"\r\n"};
        }
        if (!written.empty()) return error(412, "PreconditionFailed");
        written = asked.body;
        return error(500, "InternalError");
    });
    PARLEY_ASSERT_OK(client_->put("a", "{}", PARLEY_REVISION_NONE));
}

class S3Store : public StoreTest {};

TEST_P(S3Store, WaitsNoLongerForAFrozenServerThanItShould) {
    Process* server = dynamic_cast<S3Stage&>(stage("s3")).server();
    if (server == nullptr) GTEST_SKIP() << "the server is not this test's own";
    Client client(stage("s3").plugin,
                  settings_.substr(0, settings_.size() - 1) + ",\"timeout_ms\":300}");
    PARLEY_ASSERT_OK(client.open());
    PARLEY_ASSERT_OK(client.put("a", "1"));
    server->signal(SIGSTOP);
    const Got got = client.get("a");
    const Listed listed = client.list("");
    const Written put = client.put("a", "2");
    server->signal(SIGCONT);
    PARLEY_EXPECT_CLASS(got, PARLEY_E_OVERLOADED);
    PARLEY_EXPECT_CLASS(listed, PARLEY_E_OVERLOADED);
    PARLEY_EXPECT_CLASS(put, PARLEY_E_OVERLOADED);
    PARLEY_ASSERT_OK(client.get("a"));
}

// Another tool puts an object in the place of one that is ours.
TEST_P(S3Store, SeesWhatIsChangedByHand) {
    Process* server = dynamic_cast<S3Stage&>(stage("s3")).server();
    if (server == nullptr) GTEST_SKIP() << "the server is not this test's own";
    const Written put = store_->put("a", "{}");
    const std::string at = store_->poll("", "").position;
    const auto setting = [&](const std::string& name) {
        const std::size_t begin = settings_.find("\"" + name + "\":\"") + name.size() + 4;
        return settings_.substr(begin, settings_.find('"', begin) - begin);
    };
    output_of(
        {"curl",
         "-sSf",
         "-X",
         "PUT",
         "--user",
         setting("access_key") + ':' + setting("secret_key"),
         "--aws-sigv4",
         "aws:amz:us-east-1:s3",
         "-H",
         "x-amz-content-sha256: UNSIGNED-PAYLOAD",
         "-H",
         "content-type: application/json",
         "--data-binary",
         "[1]",
         setting("endpoint") + '/' + setting("bucket") + '/' + setting("prefix") + "documents/a"});
    EXPECT_EQ(store_->poll("", at).keys, std::vector<std::string>{"a"});
    const Got got = store_->get("a");
    PARLEY_ASSERT_OK(got);
    EXPECT_EQ(got.document.value, "[1]");
    PARLEY_EXPECT_CLASS(store_->put("a", "[]", put.revision), PARLEY_E_CONFLICT);
}

// A server tells at most 1000 keys at a time.
TEST_P(S3Store, WithMoreThanAThousandObjectsIsListedWhole) {
    constexpr std::size_t kCount = 1'050;
    constexpr std::size_t kWriters = 4;
    const std::string at = store_->poll("", "").position;
    std::vector<std::string> expected(kCount);
    std::vector<std::thread> writers;
    std::atomic<int> failures{0};
    for (std::size_t from = 0; from < kWriters; ++from) {
        writers.emplace_back([&, from] {
            for (std::size_t i = from; i < kCount; i += kWriters) {
                expected[i] = "k/" + std::to_string(10'000 + i);
                if (!store_->put(expected[i], "{}").ok()) ++failures;
            }
        });
    }
    for (std::thread& writer : writers) writer.join();
    ASSERT_EQ(failures, 0);
    const auto keys = [](const Listed& listed) {
        std::vector<std::string> all;
        for (const Document& document : listed.documents) all.push_back(document.key);
        return all;
    };
    EXPECT_EQ(keys(store_->list_all("k/", 5'000, false)), expected);
    EXPECT_EQ(keys(store_->list_all("", 999, false)), expected);
    EXPECT_EQ(store_->poll("", at).keys, expected);
}

TEST_P(S3Store, IsFoundByTheNameOfItsBucketToo) {
    std::string settings = settings_;
    const std::size_t host = settings.find("127.0.0.1");
    if (host == settings.npos)
        GTEST_SKIP() << "the server has no name that a bucket's stands before";
    settings.replace(host, 9, "localhost");
    settings.insert(1, "\"addressing\":\"virtual\",");
    Client named(stage("s3").plugin, settings);
    PARLEY_ASSERT_OK(named.open());
    const Written put = named.put("account/a b/ü+c", "{}", PARLEY_REVISION_NONE);
    PARLEY_ASSERT_OK(put);
    EXPECT_EQ(store_->get("account/a b/ü+c").document.revision, put.revision);
    PARLEY_ASSERT_OK(store_->put("account/other", "{}"));
    EXPECT_EQ(named.list_all("account/").documents.size(), 2u);
    PARLEY_EXPECT_CLASS(named.put("account/other", "[]", put.revision), PARLEY_E_CONFLICT);
}

INSTANTIATE_TEST_SUITE_P(Store, S3Store, testing::Values("s3"), name_of);

}  // namespace

}  // namespace parley::store_test
