// command/store.cpp: the store by hand: what is in it, whether it can be read, into another one.
#include <fstream>
#include <functional>
#include <iostream>
#include <map>
#include <unistd.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "base/base64.hpp"
#include "base/counted.hpp"
#include "base/log.hpp"
#include "command/commands.hpp"
#include "command/private_file.hpp"
#include "command/setup.hpp"
#include "store/bundle.hpp"
#include "store/opened.hpp"

namespace parley::command {

namespace json = boost::json;

using base::counted;
using base::Result;
using base::Secret;
using plugins::Cancel;
using plugins::Document;
using plugins::DocumentWrite;
using store::Opened;

namespace {

constexpr std::uint64_t kPageDocuments = 256;

int fail(const std::string& why) {
    std::cerr << why << '\n';
    return 1;
}

// A store with the plugins that it comes from.
struct Shop {
    plugins::Catalogue catalogue;
    std::unique_ptr<Opened> store;
};

// The store of a configuration: of `file`, or of the usual one. Nothing: why has been said.
std::optional<Shop> open_shop(const Options& options, const std::string& file) {
    Options of = options;
    if (!file.empty()) of.config = file;
    const Setup setup = read_configuration(of, false);
    if (!report(setup.loaded, setup.file)) return {};
    base::set_up_log({base::LogLevel::error, false});
    const auto services = make_services();
    Shop shop{load_plugins(setup.loaded.config, services), nullptr};
    auto opened = Opened::open(setup.loaded.config, shop.catalogue, services);
    if (!opened) {
        fail(opened.error().message);
        return {};
    }
    shop.store = std::move(*opened);
    return shop;
}

// Counts for those who watch.
class Progress {
public:
    explicit Progress(const char* what) : what_(what) {}

    void count() {
        ++count_;
        if (count_ % kStep == 0) print('\r');
    }

    std::uint64_t end() {
        if (count_ >= kStep) print('\n');
        return count_;
    }

private:
    static constexpr std::uint64_t kStep = 500;

    void print(char end) const {
        if (::isatty(STDERR_FILENO) != 0) {
            std::cerr << what_ << ' ' << counted(count_, "document") << end << std::flush;
        }
    }

    const char* what_;
    std::uint64_t count_ = 0;
};

// Every document as the store has it, encrypted or not.
Result<void> each(Opened& store, const std::function<Result<void>(Document&)>& use) {
    std::string cursor;
    do {
        const Cancel cancel(store.limits().call_ms, nullptr);
        auto page = store.documents().store().list("", cursor, kPageDocuments, cancel);
        if (!page) return std::move(page).error();
        for (Document& document : page->documents) {
            if (auto ok = use(document); !ok) return ok;
        }
        cursor = std::move(page->cursor);
    } while (!cursor.empty());
    return {};
}

DocumentWrite write_of(const Document& document, Secret value, std::uint64_t expected) {
    DocumentWrite write;
    write.key = document.key;
    write.value = std::move(value);
    if (!document.content_type.empty()) write.content_type = document.content_type;
    write.expected = expected;
    return write;
}

// Brings documents into a store, beside or in place of what is there.
class Bringing {
public:
    Bringing(Opened& into, bool replaces)
        : into_(into),
          replaces_(replaces),
          bundle_(
              into,
              [this](const DocumentWrite&, const Result<void>& outcome) {
                  brought_ += outcome ? 1 : 0;
                  return outcome;
              },
              [this](DocumentWrite& write) { return is_needed(write); }) {}

    Result<void> bring(const Document& document, Secret plain) {
        return bundle_.add(write_of(document, std::move(plain), PARLEY_REVISION_NONE));
    }

    Result<void> end() { return bundle_.end(); }

    int report() const {
        std::cout << brought_ << " written, " << same_ << " were there already, " << left_
                  << " left as they are" << (left_ == 0 ? "" : " (--replace writes them)") << '\n';
        return left_ == 0 ? 0 : 1;
    }

private:
    // In place of what is there.
    Result<bool> is_needed(DocumentWrite& write) {
        const Cancel cancel(into_.limits().call_ms, nullptr);
        auto there = into_.documents().get(write.key, cancel);
        if (!there) return std::move(there).error();
        write.expected = *there ? (*there)->revision : PARLEY_REVISION_NONE;
        if (!*there) return true;
        if ((*there)->value == write.value) {
            ++same_;
            return false;
        }
        if (replaces_) return true;
        std::cerr << write.key << ": is there with another content; left as it is\n";
        ++left_;
        return false;
    }

    Opened& into_;
    bool replaces_;
    std::uint64_t brought_ = 0;
    std::uint64_t same_ = 0;
    std::uint64_t left_ = 0;
    store::Bundle bundle_;
};

std::string names_of(std::uint32_t capabilities) {
    constexpr std::pair<std::uint32_t, const char*> kNames[] = {
        {PARLEY_STORE_CAS, "compare-and-swap"},
        {PARLEY_STORE_BATCH, "batches"},
        {PARLEY_STORE_WATCH_POLL, "changes by poll"},
        {PARLEY_STORE_WATCH_PUSH, "changes by push"},
        {PARLEY_STORE_LEASE, "leases"},
        {PARLEY_STORE_DURABLE, "durable"},
        {PARLEY_STORE_READ_ONLY, "read-only"},
    };
    std::string all;
    for (const auto& [bit, name] : kNames) {
        if ((capabilities & bit) != 0) all += (all.empty() ? "" : ", ") + std::string(name);
    }
    return all.empty() ? "none" : all;
}

}  // namespace

int store_status(const Options& options) {
    auto shop = open_shop(options, "");
    if (!shop) return 1;
    Opened& opened = *shop->store;
    std::map<std::string, std::uint64_t> kinds;
    std::map<std::string, std::uint64_t> keys;
    Progress progress("read");
    auto read = each(opened, [&](Document& document) -> Result<void> {
        ++kinds[document.key.substr(0, document.key.find('/'))];
        const auto key = store::cipher_key_of(document.value.reveal());
        ++keys[key ? "encrypted with " + *key : "not encrypted"];
        progress.count();
        return {};
    });
    progress.end();
    if (!read) return fail(read.error().message);
    const Cancel cancel(opened.limits().call_ms, nullptr);
    const auto health = opened.documents().store().health(cancel);
    const bool is_read_only = opened.documents().store().can(PARLEY_STORE_READ_ONLY);
    const std::string would_write = is_read_only ? "no: it is read-only"
                                    : health     ? "yes"
                                                 : "no: " + health.error().message;
    const std::string_view key = opened.documents().cipher().key_id();
    std::cout << "store        " << opened.name() << '\n'
              << "can          " << names_of(opened.documents().store().facts().capabilities)
              << '\n'
              << "would write  " << would_write << '\n'
              << "key          " << (key.empty() ? "none" : key) << '\n';
    for (const auto& [kind, count] : kinds) std::cout << "  " << kind << "  " << count << '\n';
    for (const auto& [how, count] : keys) std::cout << "  " << how << "  " << count << '\n';
    return health ? 0 : 1;
}

int store_verify(const Options& options) {
    auto shop = open_shop(options, "");
    if (!shop) return 1;
    Opened& opened = *shop->store;
    Progress progress("verified");
    std::uint64_t broken = 0;
    const auto complain = [&](const base::Error& why) {
        ++broken;
        std::cout << why.message << '\n';
    };
    auto read = each(opened, [&](Document& document) -> Result<void> {
        progress.count();
        auto plain = opened.documents().cipher().decrypt(document.key, std::move(document.value));
        if (!plain) {
            complain(plain.error());
        } else if (document.key.starts_with(store::kAccountPrefix)) {
            const auto account = store::read_account(document.key, plain->reveal());
            if (!account) complain(account.error());
        }
        return {};
    });
    const std::uint64_t count = progress.end();
    if (!read) return fail(read.error().message);
    std::cout << counted(count, "document") << ", " << broken << " broken\n";
    return broken == 0 ? 0 : 1;
}

int store_copy(const Options& options) {
    auto from = open_shop(options, options.from);
    if (!from) return 1;
    auto to = open_shop(options, options.to);
    if (!to) return 1;
    Bringing bringing(*to->store, options.replaces);
    Progress progress("copied");
    auto done = each(*from->store, [&](Document& document) -> Result<void> {
        progress.count();
        auto plain =
            from->store->documents().cipher().decrypt(document.key, std::move(document.value));
        if (!plain) return std::move(plain).error();
        return bringing.bring(document, std::move(*plain));
    });
    if (done) done = bringing.end();
    progress.end();
    if (!done) return fail(done.error().message);
    return bringing.report();
}

int store_rekey(const Options& options) {
    auto shop = open_shop(options, "");
    if (!shop) return 1;
    Opened& opened = *shop->store;
    const store::Cipher& cipher = opened.documents().cipher();
    if (!cipher.encrypts()) return fail("store.encryption_key: not set; expected the new key");
    Progress progress("looked at");
    std::uint64_t changed = 0;
    store::Bundle bundle(
        opened,
        [&](const DocumentWrite&, const Result<void>& outcome) {
            changed += outcome ? 1 : 0;
            return outcome;
        },
        // What another wrote meanwhile has a key of theirs: the next run sees which.
        [&](DocumentWrite& write) -> Result<bool> {
            const Cancel cancel(opened.limits().call_ms, nullptr);
            auto there = opened.documents().store().get(write.key, cancel);
            if (!there) return std::move(there).error();
            return *there && (*there)->revision == write.expected;
        });
    auto done = each(opened, [&](Document& document) -> Result<void> {
        progress.count();
        const auto key = store::cipher_key_of(document.value.reveal());
        if (key && *key == cipher.key_id()) return {};
        auto plain = cipher.decrypt(document.key, std::move(document.value));
        if (!plain) return std::move(plain).error();
        return bundle.add(write_of(document, std::move(*plain), document.revision));
    });
    if (done) done = bundle.end();
    const std::uint64_t count = progress.end();
    if (!done) return fail(done.error().message);
    std::cout << counted(count, "document") << ", " << changed << " encrypted anew with "
              << cipher.key_id() << '\n';
    return 0;
}

// ---- lines of JSON, one a document ----

int store_export(const Options& options) {
    auto shop = open_shop(options, "");
    if (!shop) return 1;
    PrivateFile out(options.file);
    if (!out) return fail(out.why());
    Progress progress("exported");
    auto done = each(*shop->store, [&](Document& document) -> Result<void> {
        progress.count();
        Secret value = std::move(document.value);
        if (options.decrypts) {
            auto plain = shop->store->documents().cipher().decrypt(document.key, std::move(value));
            if (!plain) return std::move(plain).error();
            value = std::move(*plain);
        }
        const json::object line{{"key", document.key},
                                {"content_type", document.content_type},
                                {"value", base::to_base64url(value.reveal())}};
        return out.write(json::serialize(line) + "\n");
    });
    const std::uint64_t count = progress.end();
    if (done) done = out.close();
    if (!done) return fail(done.error().message);
    std::cerr << counted(count, "document")
              << (options.decrypts ? ", in the open: keep the file safe" : "") << '\n';
    return 0;
}

namespace {

Result<Document> read_line(const std::string& line, std::uint64_t number) {
    const auto wrong = base::client_error(
        PARLEY_E_INVALID_ARGUMENT,
        "line " + std::to_string(number) + ": expected a document as `store export` writes it");
    json::error_code code;
    const json::value parsed = json::parse(line, code);
    if (code || !parsed.is_object()) return wrong;
    const json::value* key = parsed.get_object().if_contains("key");
    const json::value* value = parsed.get_object().if_contains("value");
    const json::value* type = parsed.get_object().if_contains("content_type");
    if (key == nullptr || !key->is_string() || value == nullptr || !value->is_string())
        return wrong;
    auto bytes = base::from_base64url(std::string_view(value->get_string()));
    if (!bytes) return wrong;
    Document document;
    document.key = std::string(key->get_string());
    document.value = Secret(std::move(*bytes));
    if (type != nullptr && type->is_string()) document.content_type = type->get_string();
    return document;
}

// All of them, decrypted, before anything is written: of a damaged file nothing is taken.
Result<std::vector<Document>> read_lines(std::istream& in, const store::Cipher& cipher) {
    std::vector<Document> all;
    std::string line;
    for (std::uint64_t number = 1; std::getline(in, line); ++number) {
        auto document = read_line(line, number);
        base::wipe(line.data(), line.size());
        if (!document) return std::move(document).error();
        auto plain = cipher.decrypt(document->key, std::move(document->value));
        if (!plain) return std::move(plain).error();
        document->value = std::move(*plain);
        all.push_back(std::move(*document));
    }
    if (in.eof()) return all;
    return base::client_error(PARLEY_E_INVALID_ARGUMENT,
                              "line " + std::to_string(all.size() + 1) + ": cannot be read");
}

}  // namespace

int store_import(const Options& options) {
    auto shop = open_shop(options, "");
    if (!shop) return 1;
    std::ifstream file;
    const bool is_file = options.file != "-" && !options.file.empty();
    if (is_file) file.open(options.file);
    if (is_file && !file) return fail(options.file + ": cannot be read");
    auto documents = read_lines(is_file ? file : std::cin, shop->store->documents().cipher());
    if (!documents) return fail(documents.error().message);
    Bringing bringing(*shop->store, options.replaces);
    Progress progress("imported");
    for (Document& document : *documents) {
        Secret value = std::move(document.value);
        if (auto ok = bringing.bring(document, std::move(value)); !ok) {
            return fail(ok.error().message);
        }
        progress.count();
    }
    const auto done = bringing.end();
    progress.end();
    if (!done) return fail(done.error().message);
    return bringing.report();
}

}  // namespace parley::command
