// postgres_test.cpp: what happens to databases: they restart, freeze, fill up, fail over, and are
// changed by others.
#include <chrono>
#include <csignal>
#include <cstdlib>

#include "postgres_server.hpp"

namespace parley::store_test {

namespace {

using Keys = std::vector<std::string>;

class PostgresStore : public StoreTest {
protected:
    static PostgresServer& server() {
        return dynamic_cast<PostgresStage&>(stage("postgres")).server();
    }

    std::string schema() const {
        const std::size_t at = settings_.find("place_");
        return settings_.substr(at, settings_.find('"', at) - at);
    }

    static std::unique_ptr<Client> client(const std::string& settings) {
        return std::make_unique<Client>(stage("postgres").plugin, settings);
    }

    // The same store with other settings beside.
    std::string with(const std::string& more) const {
        return settings_.substr(0, settings_.size() - 1) + ',' + more + '}';
    }
};

// Nothing that is said of a server that is not there looks like an answer.
void expect_no_answer(Client& store) {
    for (const Told& told : {Told(store.get("a")),
                             Told(store.list("")),
                             Told(store.put("a", "{}")),
                             Told(store.poll("", "")),
                             Told(store.health()),
                             Told(store.lease("l", "o", 1000))}) {
        const bool is_failure =
            told.status == -PARLEY_E_INTERNAL || told.status == -PARLEY_E_OVERLOADED;
        EXPECT_TRUE(is_failure) << told.status << ": " << told.message;
        EXPECT_NE(told.message, "");
    }
}

// Each change of another process is seen within a second of its commit, through restarts of the
// server: what came while nobody listened, and what is told afterwards.
TEST_P(PostgresStore, TellsOfEveryChangeThroughRestarts) {
    PARLEY_ASSERT_OK(store_->put("a", "1"));
    std::string at = store_->poll("", "").position;
    Watching watching(*store_);
    for (const std::string turn : {"1", "2", "3"}) {
        server().restart();
        for (const std::string& key : {"missed/" + turn, "told/" + turn}) {
            Process writer(
                {PARLEY_STORE_WORKER, stage(GetParam()).plugin, settings_, "put", key, turn});
            ASSERT_EQ(writer.wait(), 0);
            Changed news;
            ASSERT_TRUE(watching.wait_for_change(at, 1'000, news)) << key << ": " << news.message;
            EXPECT_EQ(news.keys, Keys{key});
        }
        EXPECT_EQ(store_->get("told/" + turn).document.value, turn);
    }
}

TEST_P(PostgresStore, KeepsWhatWasPutWhenTheServerIsKilled) {
    for (int i = 0; i < 20; ++i) PARLEY_ASSERT_OK(store_->put("k/" + std::to_string(i), "{}"));
    const Written last = store_->put("a", "1");
    server().kill();
    expect_no_answer(*store_);
    Client late(stage(GetParam()).plugin, settings_);
    const Told refused = late.open();
    EXPECT_FALSE(refused.ok());
    server().start();
    PARLEY_ASSERT_OK(late.open());
    EXPECT_EQ(late.list_all("k/").documents.size(), 20u);
    const Got got = store_->get("a");
    PARLEY_ASSERT_OK(got);
    EXPECT_EQ(got.document.revision, last.revision);
    PARLEY_ASSERT_OK(store_->put("a", "2", last.revision));
}

TEST_P(PostgresStore, WaitsNoLongerForAFrozenServerThanItShould) {
    auto store = client(with("\"timeout_ms\":300"));
    PARLEY_ASSERT_OK(store->open());
    PARLEY_ASSERT_OK(store->put("a", "1"));
    server().freeze();
    const auto begun = std::chrono::steady_clock::now();
    expect_no_answer(*store);
    const auto took = std::chrono::steady_clock::now() - begun;
    server().go_on();
    EXPECT_LT(took, std::chrono::seconds(6));
    PARLEY_ASSERT_OK(store->get("a"));
    PARLEY_ASSERT_OK(store->put("a", "2"));
}

TEST_P(PostgresStore, SaysWhenThereAreTooManyConnections) {
    std::vector<std::unique_ptr<Client>> all;
    Told told;
    while (all.size() < 40) {
        all.push_back(client(with("\"connections\":1")));
        told = all.back()->open();
        if (!told.ok()) break;
    }
    PARLEY_EXPECT_CLASS(told, PARLEY_E_OVERLOADED);
    EXPECT_GT(told.retry_after_ms, 0u);
    // Those who have one go on.
    PARLEY_ASSERT_OK(all.front()->put("a", "1"));
    PARLEY_ASSERT_OK(all.front()->get("a"));
    all.clear();
    PARLEY_ASSERT_OK(another()->get("a"));
}

// Who is sent away is gone when that returns: a connection that breaks under a write is another
// test.
TEST_P(PostgresStore, ReadsFromAServerThatTakesNoWrites) {
    PARLEY_ASSERT_OK(store_->put("a", "1"));
    server().sql("ALTER DATABASE postgres SET default_transaction_read_only = on");
    server().sql(
        "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity "
        "WHERE application_name = 'parley'");
    const Got got = store_->get("a");
    const Written put = store_->put("a", "2");
    const Told health = store_->health();
    const auto other = client(settings_);
    const Told opened = other->open();
    server().sql(
        "BEGIN READ WRITE; ALTER DATABASE postgres RESET default_transaction_read_only; COMMIT");
    server().sql(
        "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity "
        "WHERE application_name = 'parley'");
    PARLEY_ASSERT_OK(got);
    PARLEY_EXPECT_CLASS(put, PARLEY_E_OVERLOADED);
    PARLEY_EXPECT_CLASS(health, PARLEY_E_OVERLOADED);
    PARLEY_ASSERT_OK(opened);
    PARLEY_ASSERT_OK(store_->put("a", "2"));
}

TEST_P(PostgresStore, RefusesTablesOfALaterVersion) {
    server().sql("UPDATE " + schema() + ".about SET version = 99");
    const Told told = client(settings_)->open();
    PARLEY_EXPECT_CLASS(told, PARLEY_E_CORRUPT_STATE);
    EXPECT_NE(told.message.find("version 99"), std::string::npos) << told.message;
}

TEST_P(PostgresStore, WithoutItsTablesHasNoAnswer) {
    PARLEY_ASSERT_OK(store_->put("a", "1"));
    server().sql("DROP SCHEMA " + schema() + " CASCADE");
    PARLEY_EXPECT_CLASS(store_->get("a"), PARLEY_E_CORRUPT_STATE);
    PARLEY_EXPECT_CLASS(store_->list(""), PARLEY_E_CORRUPT_STATE);
    PARLEY_EXPECT_CLASS(store_->put("a", "1"), PARLEY_E_CORRUPT_STATE);
    PARLEY_EXPECT_CLASS(store_->poll("", ""), PARLEY_E_CORRUPT_STATE);
}

TEST_P(PostgresStore, IsMadeOnceByAllWhoComeAtOnce) {
    const std::string fresh = stage(GetParam()).fresh_settings();
    std::vector<std::unique_ptr<Process>> all;
    for (int i = 0; i < 6; ++i) {
        all.push_back(std::make_unique<Process>(std::vector<std::string>{
            PARLEY_STORE_WORKER, stage(GetParam()).plugin, fresh, "put", std::to_string(i), "{}"}));
    }
    for (const auto& process : all) EXPECT_EQ(process->wait(), 0);
    auto store = client(fresh);
    PARLEY_ASSERT_OK(store->open());
    EXPECT_EQ(store->list_all("").documents.size(), 6u);
}

TEST_P(PostgresStore, KnowsWhoMayAndWhoMayNot) {
    const std::string plain = "\",\"schema\":\"" + schema() + "\"}";
    const auto as = [&](const std::string& user, const std::string& password) {
        return client("{\"url\":\"" + server().url(user, password) + plain);
    };
    const Told wrong = as("parley", "wrong")->open();
    PARLEY_EXPECT_CLASS(wrong, PARLEY_E_FORBIDDEN);
    EXPECT_EQ(wrong.message.find("wrong"), std::string::npos) << wrong.message;
    PARLEY_ASSERT_OK(store_->put("a", "1"));
    server().sql(
        "CREATE ROLE reader LOGIN PASSWORD 'right'; "
        "GRANT USAGE ON SCHEMA " +
        schema() +
        " TO reader; "
        "GRANT SELECT, UPDATE, DELETE ON " +
        schema() + ".about, " + schema() + ".removed TO reader; GRANT SELECT ON " + schema() +
        ".documents TO reader");
    auto reader = as("reader", "right");
    PARLEY_ASSERT_OK(reader->open());
    PARLEY_ASSERT_OK(reader->get("a"));
    PARLEY_EXPECT_CLASS(reader->put("a", "2"), PARLEY_E_FORBIDDEN);
    PARLEY_EXPECT_CLASS(reader->lease("l", "o", 1000), PARLEY_E_FORBIDDEN);
    reader.reset();
    server().sql("DROP OWNED BY reader; DROP ROLE reader");
}

TEST_P(PostgresStore, TakesFromTheEnvironmentWhatItsAddressLeavesOut) {
    const std::string settings = "{\"url\":\"postgresql://parley@" + server().host() +
                                 "/postgres\",\"schema\":\"" + schema() + "\"}";
    ::unsetenv("PGPASSWORD");
    EXPECT_FALSE(client(settings)->open().ok());
    ::setenv("PGPASSWORD", "wrong", 1);
    PARLEY_EXPECT_CLASS(client(settings)->open(), PARLEY_E_FORBIDDEN);
    ::setenv("PGPASSWORD", "right", 1);
    const auto store = client(settings);
    PARLEY_ASSERT_OK(store->open());
    PARLEY_ASSERT_OK(store->put("a", "1"));
    ::unsetenv("PGPASSWORD");
}

TEST_P(PostgresStore, ForgetsRemovalsInTimeAndSaysSo) {
    PARLEY_ASSERT_OK(store_->put("a", "1"));
    const std::string at = store_->poll("", "").position;
    PARLEY_ASSERT_OK(store_->remove("a"));
    EXPECT_EQ(another()->poll("", at).keys, Keys{"a"});
    server().sql("UPDATE " + schema() + ".removed SET removed = now() - interval '31 days'");
    const auto later = another();
    const Changed seen = later->poll("", at);
    EXPECT_TRUE(seen.reset);
    PARLEY_ASSERT_OK(later->put("b", "1"));
    EXPECT_EQ(later->poll("", seen.position).keys, Keys{"b"});
}

// Positions of a database that was put back to an earlier day are not believed.
TEST_P(PostgresStore, DoesNotKnowPositionsOfTheFuture) {
    const std::string at = store_->poll("", "").position;
    const std::string later = at.substr(0, at.rfind(':')) + ":1000";
    EXPECT_TRUE(store_->poll("", later).reset);
}

// A password that has run out is one that is wrong, for whoever connects anew.
TEST_P(PostgresStore, WhosePasswordHasRunOutForbidsAndNothingIsLost) {
    PARLEY_ASSERT_OK(store_->put("a", "1"));
    server().sql(
        "CREATE ROLE brief LOGIN PASSWORD 'right' IN ROLE pg_read_all_data, pg_write_all_data");
    server().sql("GRANT USAGE ON SCHEMA " + schema() + " TO brief");
    auto store = client("{\"url\":\"" + server().url("brief", "right") + "\",\"schema\":\"" +
                        schema() + "\"}");
    PARLEY_ASSERT_OK(store->open());
    PARLEY_ASSERT_OK(store->get("a"));
    const auto send_away = [&] {
        server().sql(
            "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity "
            "WHERE usename = 'brief'");
    };
    server().sql("ALTER ROLE brief VALID UNTIL '2000-01-01'");
    send_away();
    for (const Told& told :
         {Told(store->get("a")), Told(store->put("a", "2")), Told(store->poll("", ""))}) {
        PARLEY_EXPECT_CLASS(told, PARLEY_E_FORBIDDEN);
        EXPECT_EQ(told.message.find("right"), std::string::npos) << told.message;
    }
    server().sql("ALTER ROLE brief VALID UNTIL 'infinity'");
    EXPECT_EQ(store->get("a").document.value, "1");
    store.reset();
    server().sql("DROP OWNED BY brief; DROP ROLE brief");
}

// What a password is made of is nobody's business, and in no message.
TEST_P(PostgresStore, TakesAnyPasswordThatIsWrittenRight) {
    server().sql("CREATE ROLE odd LOGIN PASSWORD 'p@ss/w%rd:#?&= $' IN ROLE pg_read_all_data");
    server().sql("GRANT USAGE ON SCHEMA " + schema() + " TO odd");
    server().sql("GRANT SELECT, UPDATE, DELETE ON ALL TABLES IN SCHEMA " + schema() + " TO odd");
    const auto as = [&](const std::string& password) {
        return client("{\"url\":\"" + server().url("odd", password) + "\",\"schema\":\"" +
                      schema() + "\"}");
    };
    PARLEY_ASSERT_OK(as("p%40ss%2Fw%25rd:%23?&= $")->open());
    for (const char* wrong : {"p@ss", "p/ss@x", "12/ss", "p%ss", "a@b/ss"}) {
        try {
            const auto store = as(wrong);
            ADD_FAILURE() << wrong << " was taken: " << store->open().message;
        } catch (const std::runtime_error& fault) {
            const std::string words = fault.what();
            EXPECT_NE(words.find("%40"), std::string::npos) << words;
            EXPECT_EQ(words.find("ss@"), std::string::npos) << words;
        }
    }
    EXPECT_ANY_THROW(client("{\"url\":\"http://127.0.0.1/x\"}"));
    server().sql("DROP OWNED BY odd; DROP ROLE odd");
}

// By somebody with a disk of two megabytes, who makes room again.
TEST_P(PostgresStore, WithoutRoomOnItsDiskTakesNothing) {
    if (Process probe({"unshare", "-m", "mount", "-t", "tmpfs", "none", "/mnt"});
        probe.wait() != 0) {
        GTEST_SKIP() << "nobody here may mount a small disk";
    }
    PostgresServer small(4);
    const std::string settings = "{\"url\":\"" + small.url() + "\"}";
    auto store = client(settings);
    PARLEY_ASSERT_OK(store->open());
    small.sql("CREATE TABLESPACE small LOCATION '" + small.folder() + "/small'");
    small.sql("ALTER TABLE parley.documents SET TABLESPACE small");
    small.sql(
        "CREATE TABLE ballast TABLESPACE small AS "
        "SELECT repeat('x', 1000) FROM generate_series(1, 1000)");
    PARLEY_ASSERT_OK(store->put("a", "1"));
    std::string noise;
    for (std::uint32_t state = 1; noise.size() < std::size_t{1} << 20;) {
        state = state * 1664525 + 1013904223;
        noise.append(reinterpret_cast<const char*>(&state), sizeof(state));
    }
    std::size_t kept = 0;
    Written full = store->put("n/0", noise);
    for (; full.ok() && kept < 8; full = store->put("n/" + std::to_string(kept), noise)) ++kept;
    PARLEY_EXPECT_CLASS(full, PARLEY_E_INTERNAL);
    EXPECT_NE(full.message.find("No space left"), std::string::npos) << full.message;
    EXPECT_EQ(store->get("a").document.value, "1");
    EXPECT_EQ(store->list_all("n/").documents.size(), kept);
    small.sql("DROP TABLE ballast");
    PARLEY_ASSERT_OK(store->put("a", "2"));
    PARLEY_ASSERT_OK(store->put("n/last", noise));
}

// Whoever changes a table by hand counts the revision on, as the README says, and is seen.
TEST_P(PostgresStore, SeesWhatIsChangedByHand) {
    const Written put = store_->put("a", "1");
    const std::string at = store_->poll("", "").position;
    server().sql("UPDATE " + schema() + ".documents SET value = '2', revision = nextval('" +
                 schema() + ".revisions') WHERE key = 'a'");
    EXPECT_EQ(store_->poll("", at).keys, Keys{"a"});
    EXPECT_EQ(store_->get("a").document.value, "2");
    PARLEY_EXPECT_CLASS(store_->put("a", "3", put.revision), PARLEY_E_CONFLICT);
}

TEST_P(PostgresStore, SpeaksTls) {
    const std::string folder = server().folder();
    const auto certificate = [&](const std::string& name) {
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
                   "/CN=127.0.0.1",
                   "-addext",
                   "subjectAltName=IP:127.0.0.1",
                   "-keyout",
                   folder + '/' + name + ".key",
                   "-out",
                   folder + '/' + name + ".pem",
                   "-batch"});
    };
    certificate("server");
    certificate("other");
    if (::geteuid() == 0) output_of({"chown", "postgres:", folder + "/server.key"});
    server().sql("ALTER SYSTEM SET ssl_cert_file = '" + folder + "/server.pem'");
    server().sql("ALTER SYSTEM SET ssl_key_file = '" + folder + "/server.key'");
    server().sql("ALTER SYSTEM SET ssl = on");
    server().restart();
    const auto tls = [&](const std::string& authority) {
        return client(with("\"tls_mode\":\"verify-full\",\"tls_ca_file\":\"" + folder + '/' +
                           authority + ".pem\""));
    };
    auto store = tls("server");
    PARLEY_ASSERT_OK(store->open());
    PARLEY_ASSERT_OK(store->put("a", "1"));
    EXPECT_EQ(server().sql("SELECT count(*) FROM pg_stat_ssl s JOIN pg_stat_activity a USING (pid) "
                           "WHERE s.ssl AND a.application_name = 'parley'"),
              "1\n");
    EXPECT_FALSE(tls("other")->open().ok());
    store.reset();
    server().sql("ALTER SYSTEM SET ssl = off");
    server().restart();
    EXPECT_FALSE(tls("server")->open().ok());
}

TEST_P(PostgresStore, FollowsAFailover) {
    PostgresServer primary;
    PostgresServer standby(primary);
    // A put then waits for the standby, so that the failover loses nothing.
    primary.sql("ALTER SYSTEM SET synchronous_standby_names = '*'");
    primary.sql("SELECT pg_reload_conf()");
    auto store = client("{\"url\":\"postgresql://parley:right@" + primary.host() + ',' +
                        standby.host() + "/postgres\"}");
    PARLEY_ASSERT_OK(store->open());
    const Written put = store->put("a", "1");
    PARLEY_ASSERT_OK(put);
    const std::string at = store->poll("", "").position;
    primary.kill();
    EXPECT_FALSE(store->put("a", "2", put.revision).ok());
    standby.promote();
    const Got got = store->get("a");
    PARLEY_ASSERT_OK(got);
    EXPECT_EQ(got.document.revision, put.revision);
    PARLEY_ASSERT_OK(store->put("a", "2", put.revision));
    EXPECT_EQ(store->poll("", at).keys, Keys{"a"});
}

INSTANTIATE_TEST_SUITE_P(Store, PostgresStore, testing::Values("postgres"), name_of);

}  // namespace

}  // namespace parley::store_test
