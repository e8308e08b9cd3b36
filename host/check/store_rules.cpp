// check/store_rules.cpp: what a store promises. It writes below plugin/parley-check and removes it
// again: point it at a place for tests. Of one that is read-only, that it is.
#include <algorithm>
#include <set>
#include <thread>

#include "check/rules.hpp"
#include "plugins/store.hpp"
#include "plugins/text.hpp"

namespace parley::check {

using plugins::Cancel;
using plugins::DocumentWrite;
using plugins::Instance;
using plugins::Store;

namespace {

constexpr std::string_view kCorner = "plugin/parley-check/";
constexpr int kWriters = 4;
constexpr int kIncrements = 50;
constexpr int kDocuments = 250;

// An open store whose corner is empty, now and afterwards.
class Corner {
public:
    Corner(Trial& trial, const std::shared_ptr<Instance>& made)
        : trial_(trial),
          cancel_(30'000, plugins::make_stop_flag()),
          store_(made, config::StoreLimits{}) {
        enter("open");
        if (const auto ok = store_.open({}, cancel_); !ok) {
            trial_.skip("the store does not open (" + ok.error().message +
                        "); give it settings with --set or --config");
            return;
        }
        is_open_ = true;
        if (!is_read_only()) clear();
    }

    Corner(const Corner&) = delete;
    Corner& operator=(const Corner&) = delete;

    ~Corner() {
        if (is_open_ && !is_read_only()) clear();
        enter("close");
    }

    explicit operator bool() const { return is_open_; }

    Store& store() { return store_; }

    bool is_read_only() const { return store_.can(PARLEY_STORE_READ_ONLY); }

    const Cancel& cancel() const { return cancel_; }

    void enter(const std::string& function) {
        trial_.enter("store " + plugins::quoted(store_.name()) + ": " + function);
    }

    bool expect(bool is_right, const std::string& function, const std::string& what) {
        return trial_.expect(
            is_right, "store " + plugins::quoted(store_.name()) + ": " + function + ": " + what);
    }

    std::optional<plugins::Document> get(const std::string& key) {
        enter("get");
        auto found = store_.get(std::string(kCorner) + key, cancel_);
        if (!found) {
            expect(false, "get", found.error().message);
            return std::nullopt;
        }
        return std::move(*found);
    }

    plugins::Written write(const std::string& key,
                           std::string_view value,
                           std::uint64_t expected,
                           bool is_removal = false) {
        enter(is_removal ? "remove" : "put");
        DocumentWrite write;
        write.key = std::string(kCorner) + key;
        write.value = base::Secret(std::string(value));
        write.expected = expected;
        write.is_removal = is_removal;
        auto done = store_.write(write, cancel_);
        if (done) return *done;
        expect(false, is_removal ? "remove" : "put", done.error().message);
        return {};
    }

    std::vector<plugins::Document> list(std::string_view prefix, std::uint64_t page) {
        std::vector<plugins::Document> all;
        std::string cursor;
        do {
            enter("list");
            auto got = store_.list(prefix, cursor, page, cancel_);
            if (!got) {
                expect(false, "list", got.error().message);
                return all;
            }
            for (auto& document : got->documents) all.push_back(std::move(document));
            cursor = got->cursor;
        } while (!cursor.empty());
        return all;
    }

    std::vector<std::string> keys(std::uint64_t page) {
        std::vector<std::string> all;
        for (auto& document : list(kCorner, page)) all.push_back(std::move(document.key));
        return all;
    }

    // Of a store that is read-only: whoever writes is told so, and nothing comes of it.
    void expect_refusal(const std::string& key, std::uint64_t expected, bool is_removal) {
        const std::string function = is_removal ? "remove" : "put";
        enter(function);
        DocumentWrite write;
        write.key = std::string(kCorner) + key;
        write.value = base::Secret(std::string("{}"));
        write.expected = expected;
        write.is_removal = is_removal;
        const auto done = store_.write(write, cancel_);
        expect(!done && done.error().error_class == PARLEY_E_FORBIDDEN,
               function,
               "it says that it is read-only, and a write is not FORBIDDEN");
    }

private:
    void clear() {
        for (const std::string& key : keys(100)) {
            write(key.substr(kCorner.size()), "", PARLEY_REVISION_ANY, true);
        }
    }

    Trial& trial_;
    Cancel cancel_;
    Store store_;
    bool is_open_ = false;
};

using CornerUse = std::function<void(Corner&)>;

void for_each_store(Trial& trial, const CornerUse& use) {
    trial.for_each(PARLEY_KIND_STORE, [&](std::shared_ptr<Instance> made) {
        // Its defaults may be where somebody keeps accounts.
        if (!trial.is_told(*made)) {
            return trial.skip(
                "a store is tried only where it is told to work, by --set or --config");
        }
        Corner corner(trial, made);
        if (corner) use(corner);
    });
}

void keep_one(Corner& corner) {
    const std::string binary("\0\xff\n\"", 4);
    corner.expect(!corner.get("a"), "get", "finds what nobody put");
    const auto first = corner.write("a", binary, PARLEY_REVISION_NONE);
    corner.expect(!first.is_conflict, "put", "a conflict for a document that is not there");
    const auto found = corner.get("a");
    if (!corner.expect(found.has_value(), "get", "does not find what was put")) return;
    corner.expect(found->value.reveal() == binary, "get", "the value comes back changed");
    corner.expect(found->revision == first.revision, "get", "another revision than put gave");
    const auto second = corner.write("a", "", first.revision);
    corner.expect(!second.is_conflict && second.revision != first.revision,
                  "put",
                  "the revision does not change with the document");
    const auto late = corner.write("a", "late", first.revision);
    corner.expect(late.is_conflict && late.revision == second.revision,
                  "put",
                  "an old revision is no conflict, or does not tell the one in force");
    const auto empty = corner.get("a");
    corner.expect(empty && empty->value.reveal().empty(), "get", "an empty value is a document");
    corner.write("a", "", second.revision, true);
    corner.expect(!corner.get("a"), "remove", "the document is still there");
    const auto gone = corner.write("a", "", second.revision, true);
    corner.expect(gone.is_conflict, "remove", "no conflict for what is not there any more");
}

void keep_odd_keys(Corner& corner) {
    for (const std::string key :
         {"with space", "\xc3\xa9", "a%2fb", "UPPER", "upper", "-", "a.b/c"}) {
        corner.write(key, key, PARLEY_REVISION_ANY);
        const auto found = corner.get(key);
        corner.expect(found && found->value.reveal() == key,
                      "get",
                      "key " + plugins::quoted(key) + " does not come back");
    }
}

// What a store that is read-only holds is somebody else's: it is looked at, and not written.
void refuse_writes(Corner& corner) {
    for (const std::uint64_t expected :
         {std::uint64_t{PARLEY_REVISION_NONE}, PARLEY_REVISION_ANY}) {
        corner.expect_refusal("a", expected, false);
        corner.expect_refusal("a", expected, true);
    }
    corner.expect(!corner.get("a"), "get", "finds what was refused");
    for (const plugins::Document& listed : corner.list("", 100)) {
        corner.enter("get");
        const auto found = corner.store().get(listed.key, corner.cancel());
        corner.expect(found && *found && (*found)->value.reveal() == listed.value.reveal() &&
                          (*found)->revision == listed.revision,
                      "get",
                      plugins::quoted(listed.key) + " is another document than list told");
    }
}

// The same whatever the pages, each once, in order.
void list_what_is_there(Corner& corner) {
    std::vector<std::string> keys;
    for (const plugins::Document& document : corner.list("", 1000)) keys.push_back(document.key);
    std::vector<std::string> paged;
    for (const plugins::Document& document : corner.list("", 7)) paged.push_back(document.key);
    corner.expect(keys == paged, "list", "other documents in pages of 7 than of 1000");
    corner.expect(std::is_sorted(keys.begin(), keys.end()), "list", "keys do not ascend");
    const std::set<std::string> once(keys.begin(), keys.end());
    corner.expect(once.size() == keys.size(), "list", "a key comes twice");
}

// Writers that count in one document: none of them may be lost.
void count_together(Corner& corner) {
    if (!corner.store().can(PARLEY_STORE_CAS)) return;
    corner.write("counter", "0", PARLEY_REVISION_ANY);
    const int allowed = static_cast<int>(corner.store().facts().parallel_writes);
    const int count = std::clamp(allowed, 1, kWriters);
    std::vector<std::jthread> writers;
    for (int i = 0; i < count; ++i) {
        writers.emplace_back([&corner] {
            for (int done = 0; done < kIncrements;) {
                const auto now = corner.get("counter");
                if (!now) return;
                const int next = std::stoi(std::string(now->value.reveal())) + 1;
                const auto to = corner.write("counter", std::to_string(next), now->revision);
                if (to.revision == PARLEY_REVISION_NONE) return;
                if (!to.is_conflict) ++done;
            }
        });
    }
    writers.clear();
    const auto sum = corner.get("counter");
    corner.expect(sum && sum->value.reveal() == std::to_string(count * kIncrements),
                  "put",
                  "writes are lost when several count in one document");
}

}  // namespace

void keeps_documents(Trial& trial) {
    for_each_store(trial, [](Corner& corner) {
        if (corner.is_read_only()) return refuse_writes(corner);
        keep_one(corner);
        keep_odd_keys(corner);
        count_together(corner);
    });
}

void tells_changes(Trial& trial) {
    for_each_store(trial, [](Corner& corner) {
        Store& store = corner.store();
        if (!store.can(PARLEY_STORE_WATCH_POLL)) return;
        corner.enter("poll");
        const auto begin = store.poll(kCorner, "", corner.cancel());
        if (!corner.expect(begin.has_value(), "poll", "fails")) return;
        corner.expect(begin->keys.empty(), "poll", "an empty position asks for no keys");
        if (corner.is_read_only()) {
            const auto news = store.poll(kCorner, begin->position, corner.cancel());
            corner.expect(news && !news->is_reset && news->keys.empty(),
                          "poll",
                          "tells of changes where nothing was written");
            return;
        }
        corner.write("a", "1", PARLEY_REVISION_ANY);
        corner.write("b", "1", PARLEY_REVISION_ANY);
        corner.write("a", "", PARLEY_REVISION_ANY, true);
        corner.enter("poll");
        const auto news = store.poll(kCorner, begin->position, corner.cancel());
        if (!corner.expect(news.has_value(), "poll", "fails")) return;
        const std::set<std::string> keys(news->keys.begin(), news->keys.end());
        corner.expect(news->is_reset || (keys.count(std::string(kCorner) + "a") != 0 &&
                                         keys.count(std::string(kCorner) + "b") != 0),
                      "poll",
                      "does not tell of writes that returned before");
        corner.expect(keys.size() == news->keys.size(), "poll", "a key comes twice");
    });
}

void leases_once(Trial& trial) {
    for_each_store(trial, [](Corner& corner) {
        Store& store = corner.store();
        if (!store.can(PARLEY_STORE_LEASE)) return;
        corner.enter("lease");
        const auto first = store.lease("parley-check", "me", 60'000, corner.cancel());
        if (!corner.expect(first && !first->is_taken, "lease", "a free one is not given")) return;
        const auto again = store.lease("parley-check", "me", 60'000, corner.cancel());
        corner.expect(again && again->token == first->token,
                      "lease",
                      "another token for who holds it already");
        const auto other = store.lease("parley-check", "you", 60'000, corner.cancel());
        corner.expect(other && other->is_taken, "lease", "given to two owners at a time");
        corner.enter("release");
        store.release("parley-check", first->token, corner.cancel()).has_value();
        const auto next = store.lease("parley-check", "you", 60'000, corner.cancel());
        corner.expect(next && !next->is_taken && next->token > first->token,
                      "lease",
                      "not given after its release, or with a token that does not grow");
        if (next) store.release("parley-check", next->token, corner.cancel()).has_value();
    });
}

void lists_whole(Trial& trial) {
    for_each_store(trial, [](Corner& corner) {
        if (corner.is_read_only()) return list_what_is_there(corner);
        for (int i = 0; i < kDocuments; ++i) {
            corner.write("many/" + std::to_string(i), "x", PARLEY_REVISION_ANY);
        }
        const auto keys = corner.keys(17);
        corner.expect(keys.size() == kDocuments &&
                          std::set<std::string>(keys.begin(), keys.end()).size() == kDocuments,
                      "list",
                      std::to_string(keys.size()) + " documents of " + std::to_string(kDocuments) +
                          " in pages of 17");
        corner.expect(std::is_sorted(keys.begin(), keys.end()), "list", "keys do not ascend");
        const std::string large(1024 * 1024, 'x');
        corner.write("large", large, PARLEY_REVISION_ANY);
        const auto found = corner.get("large");
        corner.expect(found && found->value.reveal() == large, "put", "1 MiB does not come back");
    });
}

}  // namespace parley::check
