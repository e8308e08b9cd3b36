// git_remote_test.cpp: store-git over the network: git's own HTTP server, with TLS and without, and
// OpenSSH's; and a repository that is large.
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>
#include <unistd.h>

#include "git_stage.hpp"
#include "postgres_server.hpp"

namespace parley::store_test {

namespace {

namespace fs = std::filesystem;

// What is asked of a frozen server ends in time, and goes on once that has thawed.
void expect_given_up(Client& store, const Process& server, int timeout_ms) {
    PARLEY_ASSERT_OK(store.open());
    PARLEY_ASSERT_OK(store.put("a", "1"));
    const std::string at = store.poll("", "").position;
    server.signal(SIGSTOP);
    const auto begun = std::chrono::steady_clock::now();
    const std::vector<Told> all{
        store.poll("", at), store.put("a", "2"), store.health(), store.lease("l", "o", 1000)};
    const auto took = std::chrono::steady_clock::now() - begun;
    server.signal(SIGCONT);
    for (const Told& told : all) {
        PARLEY_EXPECT_CLASS(told, PARLEY_E_OVERLOADED);
        EXPECT_GT(told.retry_after_ms, 0u);
        EXPECT_NE(told.message.find("timeout_ms"), std::string::npos) << told.message;
    }
    const auto limit = std::chrono::milliseconds(timeout_ms) * all.size();
    EXPECT_GE(took, limit);
    EXPECT_LT(took, limit + std::chrono::seconds(3));
    PARLEY_ASSERT_OK(store.put("a", "2"));
    EXPECT_EQ(store.poll("", at).keys, std::vector<std::string>{"a"});
}

void expect_let_go(Client& store, const Process& server) {
    PARLEY_ASSERT_OK(store.open());
    server.signal(SIGSTOP);
    Told told;
    std::thread caller([&] { told = store.poll("", ""); });
    store.cancel(true);
    caller.join();
    store.cancel(false);
    server.signal(SIGCONT);
    PARLEY_EXPECT_CLASS(told, PARLEY_E_CANCELLED);
    PARLEY_ASSERT_OK(store.poll("", ""));
}

class GitHttp : public GitStore {
protected:
    void SetUp() override {
        GitStore::SetUp();
        if (IsSkipped()) return;
        if (program("python3").empty()) GTEST_SKIP() << "no python3 here to serve git over HTTP";
        name_ = fs::path(remote_).filename().string();
        port_ = std::to_string(free_port());
        url_ = "http://127.0.0.1:" + port_ + '/' + name_;
        start("the-token");
    }

    // Serves whoever has the token, behind `first` of the shell.
    void start(const std::string& token, const std::string& first = "") {
        server_ =
            std::make_unique<Process>(Keys{"sh",
                                           "-c",
                                           first + "exec python3 \"$0\" \"$1\" \"$2\"",
                                           PARLEY_SOURCE_DIR "/tests/conformance/store/git_http.py",
                                           fs::path(remote_).parent_path().string(),
                                           "parley:" + token},
                                      Keys{"GIT_HTTP_PORT=" + port_});
        ASSERT_EQ(server_->line(), port_);
    }

    std::string as(const std::string& token) const {
        return "\"remote\":\"" + url_ + "\",\"token_user\":\"parley\",\"token\":\"" + token + '"';
    }

    std::unique_ptr<Process> server_;
    std::string port_;
    std::string name_;
    std::string url_;
};

TEST_P(GitHttp, IsWrittenByThoseWhoMay) {
    auto one = client(as("the-token"));
    auto two = client(as("the-token"));
    PARLEY_ASSERT_OK(one->open());
    PARLEY_ASSERT_OK(two->open());
    const Written first = one->put("a", "1", PARLEY_REVISION_NONE);
    PARLEY_ASSERT_OK(first);
    PARLEY_EXPECT_CLASS(two->put("a", "2", PARLEY_REVISION_NONE), PARLEY_E_CONFLICT);
    PARLEY_ASSERT_OK(two->put("a", "2", first.revision));
    PARLEY_ASSERT_OK(one->put("b", "{}"));
    EXPECT_EQ(git(remote_, {"log", "--format=%s", "main"}), "put b\nput a\nput a\n");
    const Told wrong = client(as("another"))->open();
    PARLEY_EXPECT_CLASS(wrong, PARLEY_E_FORBIDDEN);
    EXPECT_EQ(wrong.message.find("another"), std::string::npos) << wrong.message;
}

TEST_P(GitHttp, TakesItsTokenFromTheEnvironment) {
    const std::string settings = "\"remote\":\"" + url_ + "\",\"token_user\":\"parley\"";
    PARLEY_EXPECT_CLASS(client(settings)->open(), PARLEY_E_FORBIDDEN);
    ::setenv("PARLEY_GIT_TOKEN", "the-token", 1);
    const auto store = client(settings);
    ::unsetenv("PARLEY_GIT_TOKEN");
    PARLEY_ASSERT_OK(store->open());
    PARLEY_ASSERT_OK(store->put("a", "1"));
}

TEST_P(GitHttp, ThatRefusesAPushSaysWhy) {
    auto store = client(as("the-token"));
    PARLEY_ASSERT_OK(store->open());
    PARLEY_ASSERT_OK(store->put("a", "{}"));
    const std::string hook = remote_ + "/hooks/pre-receive";
    std::ofstream(hook) << "#!/bin/sh\nexit 1\n";
    fs::permissions(hook, fs::perms::owner_all);
    PARLEY_EXPECT_CLASS(store->put("a", "[]"), PARLEY_E_FORBIDDEN);
    EXPECT_EQ(store->get("a").document.value, "{}");
    fs::remove(hook);
    PARLEY_ASSERT_OK(store->put("a", "[]"));
}

TEST_P(GitHttp, LeasesAreOnABranchOfTheirOwn) {
    auto one = client(as("the-token"));
    auto two = client(as("the-token"));
    PARLEY_ASSERT_OK(one->open());
    PARLEY_ASSERT_OK(two->open());
    const Leased mine = one->lease("refresh/a", "one", 60'000);
    PARLEY_ASSERT_OK(mine);
    PARLEY_EXPECT_CLASS(two->lease("refresh/a", "two", 60'000), PARLEY_E_CONFLICT);
    PARLEY_ASSERT_OK(two->lease("refresh/b", "two", 60'000));
    PARLEY_ASSERT_OK(one->release("refresh/a", mine.token));
    const Leased theirs = two->lease("refresh/a", "two", 60'000);
    PARLEY_ASSERT_OK(theirs);
    EXPECT_GT(theirs.token, mine.token);
    EXPECT_EQ(git(remote_, {"log", "--format=%s", "parley-leases"}),
              "lease refresh/a\ngive back refresh/a\nlease refresh/b\nlease refresh/a\n");
    EXPECT_EQ(git(remote_, {"for-each-ref", "--format=%(refname)"}), "refs/heads/parley-leases\n");
    const auto none = client(as("the-token") + ",\"lease_branch\":\"\"");
    PARLEY_ASSERT_OK(none->open());
    EXPECT_FALSE(none->can(PARLEY_STORE_LEASE));
}

TEST_P(GitHttp, WaitsNoLongerForAFrozenServerThanItShould) {
    expect_given_up(*client(as("the-token") + ",\"timeout_ms\":300"), *server_, 300);
}

TEST_P(GitHttp, LetsGoOfAFrozenServerWhenItIsToldTo) {
    expect_let_go(*client(as("the-token") + ",\"timeout_ms\":3600000"), *server_);
}

TEST_P(GitHttp, IsReachedAgainAfterItWasKilled) {
    auto store = client(as("the-token"));
    PARLEY_ASSERT_OK(store->open());
    PARLEY_ASSERT_OK(store->put("a", "1"));
    server_.reset();
    PARLEY_EXPECT_CLASS(store->put("a", "2"), PARLEY_E_INTERNAL);
    PARLEY_EXPECT_CLASS(store->poll("", ""), PARLEY_E_INTERNAL);
    PARLEY_EXPECT_CLASS(store->health(), PARLEY_E_INTERNAL);
    start("the-token");
    PARLEY_ASSERT_OK(store->put("a", "2"));
    EXPECT_EQ(store->get("a").document.value, "2");
}

TEST_P(GitHttp, WhoseTokenHasRunOutForbidsAndNothingIsLost) {
    auto store = client(as("the-token"));
    PARLEY_ASSERT_OK(store->open());
    PARLEY_ASSERT_OK(store->put("a", "1"));
    server_.reset();
    start("another-token");
    for (const Told& told :
         {Told(store->put("a", "2")), Told(store->poll("", "")), store->health()}) {
        PARLEY_EXPECT_CLASS(told, PARLEY_E_FORBIDDEN);
        EXPECT_EQ(told.message.find("the-token"), std::string::npos) << told.message;
    }
    server_.reset();
    start("the-token");
    EXPECT_EQ(store->get("a").document.value, "1");
    PARLEY_ASSERT_OK(store->put("a", "2"));
}

// A limit of connections, a proxy without its server, and whatever else answers in its place.
TEST_P(GitHttp, WhatAnswersInItsPlaceIsNoAnswer) {
    auto store = client(as("the-token"));
    PARLEY_ASSERT_OK(store->open());
    PARLEY_ASSERT_OK(store->put("a", "1"));
    const std::string file = fs::path(remote_).parent_path().string() + "/answer";
    const auto answers = [&](int status, int error_class) {
        std::ofstream(file) << status;
        const Told poll = store->poll("", "");
        PARLEY_EXPECT_CLASS(poll, error_class);
        PARLEY_EXPECT_CLASS(store->put("a", "2"), error_class);
        return poll.retry_after_ms;
    };
    for (const int busy : {429, 502, 503, 504}) EXPECT_GT(answers(busy, PARLEY_E_OVERLOADED), 0u);
    answers(403, PARLEY_E_FORBIDDEN);
    for (const int odd : {200, 204, 404, 500}) answers(odd, PARLEY_E_INTERNAL);
    fs::remove(file);
    EXPECT_EQ(store->get("a").document.value, "1");
    PARLEY_ASSERT_OK(store->put("a", "2"));
}

// The server may write no file of any size.
TEST_P(GitHttp, WithoutRoomOnItsDiskTakesNothing) {
    auto store = client(as("the-token"));
    PARLEY_ASSERT_OK(store->open());
    PARLEY_ASSERT_OK(store->put("a", "1"));
    const std::string before = git(remote_, {"rev-parse", "main"});
    server_.reset();
    start("the-token", "ulimit -f 0; ");
    const Written put = store->put("a", "2");
    EXPECT_LT(put.status, 0);
    EXPECT_NE(put.message, "");
    EXPECT_EQ(git(remote_, {"rev-parse", "main"}), before);
    PARLEY_ASSERT_OK(store->poll("", ""));
    EXPECT_EQ(store->get("a").document.value, "1");
    server_.reset();
    start("the-token");
    PARLEY_ASSERT_OK(store->put("a", "2"));
}

// With a certificate that only this test vouches for.
class GitHttps : public GitHttp {
protected:
    void SetUp() override {
        GitHttp::SetUp();
        if (IsSkipped()) return;
        if (program("openssl").empty()) GTEST_SKIP() << "no openssl here to make a certificate";
        certificate_ = scratch_.path() + "/cert.pem";
        const std::string key = scratch_.path() + "/key.pem";
        output_of({"openssl",
                   "req",
                   "-x509",
                   "-newkey",
                   "ec",
                   "-pkeyopt",
                   "ec_paramgen_curve:prime256v1",
                   "-nodes",
                   "-days",
                   "2",
                   "-subj",
                   "/CN=localhost",
                   "-addext",
                   "subjectAltName=DNS:localhost",
                   "-keyout",
                   key,
                   "-out",
                   certificate_});
        server_ =
            std::make_unique<Process>(Keys{"python3",
                                           PARLEY_SOURCE_DIR "/tests/conformance/store/git_http.py",
                                           fs::path(remote_).parent_path().string(),
                                           "parley:the-token",
                                           certificate_,
                                           key});
        url_ = "https://localhost:" + server_->line() + '/' + name_;
    }

    std::string certificate_;
};

TEST_P(GitHttps, IsBelievedByWhoKnowsItsCertificate) {
    const Told stranger = client(as("the-token"))->open();
    PARLEY_EXPECT_CLASS(stranger, PARLEY_E_FORBIDDEN);
    const std::string known = as("the-token") + ",\"tls_ca_file\":\"" + certificate_ + '"';
    auto store = client(known);
    PARLEY_ASSERT_OK(store->open());
    PARLEY_ASSERT_OK(store->put("a", "{}"));
    PARLEY_ASSERT_OK(store->put("a", "[]", store->get("a").document.revision));
    EXPECT_EQ(git(remote_, {"log", "--format=%s", "main"}), "put a\nput a\n");
    const std::string wrong = as("another") + ",\"tls_ca_file\":\"" + certificate_ + '"';
    PARLEY_EXPECT_CLASS(client(wrong)->open(), PARLEY_E_FORBIDDEN);
}

// OpenSSH on loopback, for one key.
class GitSsh : public GitStore {
protected:
    void SetUp() override {
        GitStore::SetUp();
        if (IsSkipped()) return;
        if (::access(kServer, X_OK) != 0) {
            GTEST_SKIP() << "no " << kServer << " here; apt-get install openssh-server";
        }
        make_key("host", "");
        make_key("ours", "open sesame");
        make_key("theirs", "");
        fs::copy_file(file("ours.pub"), file("authorized"));
        // Where it lives when root starts it by hand.
        if (::geteuid() == 0) fs::create_directories("/run/sshd");
        start();
    }

    std::string file(const std::string& name) const { return scratch_.path() + '/' + name; }

    void make_key(const std::string& name, const std::string& passphrase) const {
        output_of({"ssh-keygen", "-q", "-t", "ed25519", "-N", passphrase, "-f", file(name)});
    }

    void start() {
        port_ = free_port();
        configure();
        listen();
    }

    void configure() const {
        std::ofstream(file("config"))
            << "Port " << port_ << "\nListenAddress 127.0.0.1\nHostKey " << file("host")
            << "\nAuthorizedKeysFile " << file("authorized")
            << "\nStrictModes no\nUsePAM no\nPidFile none\n"
               "PasswordAuthentication no\n"
               "KbdInteractiveAuthentication no\n"
               "PermitRootLogin prohibit-password\nLogLevel INFO\n";
    }

    void listen() {
        // What it says is read until it listens; it says so on standard error.
        server_ = std::make_unique<Process>(Keys{
            "sh", "-c", std::string("exec ") + kServer + " -D -e -f \"$0\" 2>&1", file("config")});
        while (server_->line().find("Server listening") == std::string::npos) {
            ASSERT_GT(server_->pid(), 0);
        }
    }

    std::string host_key() const {
        std::istringstream words(output_of({"ssh-keygen", "-l", "-f", file("host.pub")}));
        std::string bits;
        std::string digest;
        words >> bits >> digest;
        return digest;
    }

    std::string as(const std::string& key, const std::string& host, const std::string& more = "") {
        return at(remote_) + ",\"ssh_key_file\":\"" + file(key) + "\",\"ssh_host_key\":\"" + host +
               '"' + more;
    }

    std::string at(const std::string& path) const {
        const char* user = std::getenv("USER");
        const std::string who = ::geteuid() == 0 || user == nullptr ? "root" : user;
        return "\"remote\":\"ssh://" + who + "@127.0.0.1:" + std::to_string(port_) + path + '"';
    }

    static constexpr const char* kServer = "/usr/sbin/sshd";
    const std::string passphrase_ = ",\"ssh_key_passphrase\":\"open sesame\"";
    int port_ = 0;
    std::unique_ptr<Process> server_;
};

TEST_P(GitSsh, IsWrittenWithTheKey) {
    auto one = client(as("ours", host_key(), passphrase_));
    auto two = client(as("ours", host_key(), passphrase_));
    PARLEY_ASSERT_OK(one->open());
    PARLEY_ASSERT_OK(two->open());
    const Written first = one->put("a", "1", PARLEY_REVISION_NONE);
    PARLEY_ASSERT_OK(first);
    PARLEY_EXPECT_CLASS(two->put("a", "2", PARLEY_REVISION_NONE), PARLEY_E_CONFLICT);
    PARLEY_ASSERT_OK(two->put("a", "2", first.revision));
    EXPECT_EQ(one->poll("", "").status, PARLEY_OK);
    EXPECT_EQ(one->get("a").document.value, "2");
    EXPECT_EQ(git(remote_, {"log", "--format=%s", "main"}), "put a\nput a\n");
}

TEST_P(GitSsh, LetsNobodyInWithAnotherKey) {
    const Told stranger = client(as("theirs", host_key()))->open();
    PARLEY_EXPECT_CLASS(stranger, PARLEY_E_FORBIDDEN);
    const Told locked = client(as("ours", host_key(), ",\"ssh_key_passphrase\":\"wrong\""))->open();
    PARLEY_EXPECT_CLASS(locked, PARLEY_E_FORBIDDEN);
    EXPECT_EQ(locked.message.find("wrong"), std::string::npos) << locked.message;
}

TEST_P(GitSsh, IsNotBelievedWithAnotherHostKey) {
    const Told told = client(as("ours", "SHA256:none", passphrase_))->open();
    PARLEY_EXPECT_CLASS(told, PARLEY_E_FORBIDDEN);
    // Who looks at the server can copy it from there.
    EXPECT_NE(told.message.find(host_key()), std::string::npos) << told.message;
}

TEST_P(GitSsh, IsReachedAgainAfterItWasAway) {
    auto store = client(as("ours", host_key(), passphrase_));
    PARLEY_ASSERT_OK(store->open());
    PARLEY_ASSERT_OK(store->put("a", "1"));
    server_->signal(SIGKILL);
    server_->wait();
    PARLEY_EXPECT_CLASS(store->put("a", "2"), PARLEY_E_INTERNAL);
    listen();
    PARLEY_ASSERT_OK(store->put("a", "2"));
    EXPECT_EQ(store->get("a").document.value, "2");
}

TEST_P(GitSsh, WaitsNoLongerForAFrozenServerThanItShould) {
    const auto store = client(as("ours", host_key(), passphrase_ + ",\"timeout_ms\":1500"));
    expect_given_up(*store, *server_, 1500);
}

TEST_P(GitSsh, LetsGoOfAFrozenServerWhenItIsToldTo) {
    const auto store = client(as("ours", host_key(), passphrase_ + ",\"timeout_ms\":3600000"));
    expect_let_go(*store, *server_);
}

// The server says nothing in the middle of a push, and takes it when it has found its tongue.
TEST_P(GitSsh, ThatFallsSilentAmidAPushIsGivenUp) {
    auto store = client(as("ours", host_key(), passphrase_ + ",\"timeout_ms\":1500"));
    PARLEY_ASSERT_OK(store->open());
    PARLEY_ASSERT_OK(store->put("a", "1"));
    output_of({"mkfifo", file("gate")});
    const std::string hook = remote_ + "/hooks/pre-receive";
    std::ofstream(hook) << "#!/bin/sh\nread word < " << file("gate") << "\n";
    fs::permissions(hook, fs::perms::owner_all);
    PARLEY_EXPECT_CLASS(store->put("a", "2"), PARLEY_E_OVERLOADED);
    std::ofstream(file("gate")) << "go on\n";
    fs::remove(hook);
    PARLEY_ASSERT_OK(store->put("a", "3"));
    EXPECT_EQ(store->get("a").document.value, "3");
}

TEST_P(GitSsh, IsBelievedByItsFileOfKnownHosts) {
    std::ifstream key(file("host.pub"));
    std::string text{std::istreambuf_iterator<char>(key), {}};
    std::ofstream(file("known")) << "[127.0.0.1]:" << port_ << ' ' << text;
    std::ofstream(file("nobody")) << "";
    const auto knows = [&](const std::string& hosts) {
        return client(
            as("ours", "", passphrase_ + ",\"ssh_known_hosts_file\":\"" + file(hosts) + '"'));
    };
    PARLEY_ASSERT_OK(knows("known")->open());
    const Told stranger = knows("nobody")->open();
    PARLEY_EXPECT_CLASS(stranger, PARLEY_E_FORBIDDEN);
    EXPECT_NE(stranger.message.find("ssh_host_key"), std::string::npos) << stranger.message;
}

// Whatever an address says, it is no command, neither here nor there.
TEST_P(GitSsh, TakesAnAddressForAnAddress) {
    const std::string odd = scratch_.path() + "/it's $(touch ours); touch theirs";
    fs::create_directory_symlink(remote_, odd);
    std::string escaped;
    for (const char c : odd) escaped += c == ' ' ? std::string("%20") : std::string(1, c);
    auto store = client(at(escaped) + ",\"ssh_key_file\":\"" + file("ours") +
                        "\",\"ssh_host_key\":\"" + host_key() + '"' + passphrase_);
    PARLEY_ASSERT_OK(store->open());
    PARLEY_ASSERT_OK(store->put("a", "1"));
    EXPECT_EQ(git(remote_, {"log", "--format=%s", "main"}), "put a\n");
    for (const char* command : {"ssh://-oProxyCommand=touch%20x/r.git",
                                "-oProxyCommand=x:r.git",
                                "ssh://host",
                                "git://127.0.0.1/r.git",
                                "r.git"}) {
        EXPECT_ANY_THROW(client(std::string("\"remote\":\"") + command + '"')) << command;
    }
    EXPECT_ANY_THROW(client(as("ours", "SHA256:a; touch x")));
}

TEST_P(GitSsh, SaysWhatIsMissing) {
    const std::string nowhere = at(scratch_.path() + "/nowhere.git") + ",\"ssh_key_file\":\"" +
                                file("ours") + "\",\"ssh_host_key\":\"" + host_key() + '"';
    const Told told = client(nowhere + passphrase_)->open();
    PARLEY_EXPECT_CLASS(told, PARLEY_E_INTERNAL);
    EXPECT_NE(told.message.find("does not appear to be a git repository"), std::string::npos)
        << told.message;
    const auto store = client(as("ours", host_key(), passphrase_));
    const std::string path = std::getenv("PATH");
    ::setenv("PATH", "/nowhere", 1);
    const Told without = store->open();
    ::setenv("PATH", path.c_str(), 1);
    PARLEY_EXPECT_CLASS(without, PARLEY_E_INTERNAL);
    EXPECT_NE(without.message.find("\"ssh\" cannot be started"), std::string::npos)
        << without.message;
}

// Many documents, a long history, and another branch that is none of ours.
class GitHuge : public GitHttp {
protected:
    static constexpr int kDocuments = 5'000;
    static constexpr int kCommits = 500;
    static constexpr std::size_t kOtherBytes = 32 << 20;

    void fill() const {
        const std::string file = scratch_.path() + "/history";
        std::ofstream out(file, std::ios::binary);
        const auto blob = [&](std::string_view text) {
            out << "data " << text.size() << '\n' << text;
        };
        const auto commit = [&](const char* branch, int time) {
            out << "commit refs/heads/" << branch << "\ncommitter S <s@localhost> " << time
                << " +0000\n";
            blob("change\n");
        };
        commit("main", 1);
        for (int i = 0; i < kDocuments; ++i) {
            out << "M 100644 inline account/up/a" << i << ".json\n";
            blob("{\"n\":" + std::to_string(i) + "}\n");
        }
        for (int i = 0; i < kCommits; ++i) {
            commit("main", 2 + i);
            out << "M 100644 inline account/up/a0.json\n";
            blob("{\"n\":" + std::to_string(i) + "}\n");
        }
        commit("other", 1);
        out << "M 100644 inline large.bin\n";
        std::string noise;
        std::uint32_t state = 1;
        while (noise.size() < kOtherBytes) {
            state = state * 1664525 + 1013904223;
            noise.append(reinterpret_cast<const char*>(&state), sizeof(state));
        }
        blob(noise);
        out.close();
        output_of({"sh", "-c", "git -C \"$0\" fast-import --quiet < \"$1\"", remote_, file});
    }

    static std::uintmax_t bytes_below(const std::string& folder) {
        std::uintmax_t all = 0;
        for (const auto& entry : fs::recursive_directory_iterator(folder)) {
            if (entry.is_regular_file()) all += entry.file_size();
        }
        return all;
    }
};

TEST_P(GitHuge, IsFollowedByItsBranchAlone) {
    fill();
    auto store = client(as("the-token"));
    PARLEY_ASSERT_OK(store->open());
    EXPECT_EQ(store->list_all("account/").documents.size(), static_cast<std::size_t>(kDocuments));
    const std::string at = store->poll("", "").position;
    clone();
    write("account/up/a7.json", R"({"n":"new"})");
    push("by hand");
    EXPECT_EQ(store->poll("", at).keys, Keys{"account/up/a7"});
    EXPECT_EQ(store->get("account/up/a7").document.value, R"({"n":"new"})");
    PARLEY_ASSERT_OK(store->put("account/up/a8", R"({"n":"newer"})"));
    const std::string clone = scratch_.path() + "/clone-" + std::to_string(clones_);
    EXPECT_LT(bytes_below(clone), kOtherBytes) << "the other branch stays where it is";
}

INSTANTIATE_TEST_SUITE_P(Store, GitHttp, testing::Values("git"), name_of);
INSTANTIATE_TEST_SUITE_P(Store, GitHttps, testing::Values("git"), name_of);
INSTANTIATE_TEST_SUITE_P(Store, GitSsh, testing::Values("git"), name_of);
INSTANTIATE_TEST_SUITE_P(Store, GitHuge, testing::Values("git"), name_of);

}  // namespace

}  // namespace parley::store_test
