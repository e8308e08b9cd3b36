// worker.cpp: another process that has the same store open.
//
//   store_worker PLUGIN SETTINGS increment KEY TIMES   adds to a number, by compare-and-swap
//   store_worker PLUGIN SETTINGS write PREFIX          puts PREFIX/0, PREFIX/1, ... for ever and
//   says
//                                                      each number when it has returned
//   store_worker PLUGIN SETTINGS pairs PREFIX          the same with PREFIX/a and PREFIX/b, at once
//   store_worker PLUGIN SETTINGS hold NAME TTL         takes a lease, says its token, and waits
//                                                      for its input to end
//   store_worker PLUGIN SETTINGS put KEY VALUE
//   store_worker journal FILE                          appends "one" and "two" to the host's
//   journal,
//                                                      writes it anew as "three", appends "four",
//                                                      and says each when it has returned
//   store_worker PLUGIN SETTINGS save|both|drop A B   puts A, puts both at once, or removes A, and
//                                                     says when it is done
#include <cstdio>
#include <iostream>
#include <string>

#include "client.hpp"
#include "store/journal.hpp"

namespace parley::store_test {

namespace {

int fail(const Told& told, const std::string& what) {
    std::cerr << what << ": " << told.status << ": " << told.message << '\n';
    return 1;
}

bool is_busy(const Told& told) {
    return told.status == -PARLEY_E_OVERLOADED;
}

int increment(Client& store, const std::string& key, int times) {
    for (int done = 0; done < times;) {
        const Got got = store.get(key);
        if (is_busy(got)) continue;
        if (!got.ok()) return fail(got, "get");
        const std::string next = std::to_string(std::stoi(got.document.value) + 1);
        const Written put = store.put(key, next, got.document.revision);
        if (put.ok()) ++done;
        if (!put.ok() && put.status != -PARLEY_E_CONFLICT && !is_busy(put)) return fail(put, "put");
    }
    return 0;
}

int write(Client& store, const std::string& prefix, bool pairs) {
    for (int i = 0;; ++i) {
        const std::string value = "{\"n\":" + std::to_string(i) + "}";
        const Written done = pairs ? store.batch({{prefix + "/a", value}, {prefix + "/b", value}})
                                   : store.put(prefix + '/' + std::to_string(i), value);
        if (!done.ok()) return fail(done, "write");
        std::cout << i << std::endl;
    }
}

int hold(Client& store, const std::string& name, const std::string& ttl) {
    const Leased lease = store.lease(name, "worker", std::stoull(ttl));
    if (!lease.ok()) return fail(lease, "lease");
    std::cout << lease.token << std::endl;
    std::string line;
    while (std::getline(std::cin, line)) {
    }
    return 0;
}

int change(Client& store, const std::string& what, const std::string& a, const std::string& b) {
    const std::string value = R"({"n":"new"})";
    const Written done = what == "drop"   ? store.remove(a)
                         : what == "save" ? store.put(a, value)
                                          : store.batch({{a, value}, {b, value}});
    if (!done.ok()) return fail(done, what);
    std::cout << "done" << std::endl;
    return 0;
}

// What fails is left out; who asked for it looks at what was said.
int keep_journal(const std::string& file) {
    auto opened = store::Journal::open(file);
    if (!opened) {
        std::cerr << opened.error().message << '\n';
        return 1;
    }
    store::Journal& journal = opened->journal;
    for (const std::string text : {"one", "two", "three", "four"}) {
        const std::vector<std::string> records{text};
        const auto done = text == "three" ? journal.rewrite(records) : journal.append(records);
        if (done) std::cout << text << std::endl;
    }
    return 0;
}

int run(const std::vector<std::string>& words) {
    if (words.at(0) == "journal") return keep_journal(words.at(1));
    Client store(words.at(0), words.at(1));
    const Told opened = store.open();
    if (!opened.ok()) return fail(opened, "open");
    const std::string& what = words.at(2);
    if (what == "increment") return increment(store, words.at(3), std::stoi(words.at(4)));
    if (what == "write" || what == "pairs") return write(store, words.at(3), what == "pairs");
    if (what == "hold") return hold(store, words.at(3), words.at(4));
    if (what == "save" || what == "both" || what == "drop") {
        return change(store, what, words.at(3), words.at(4));
    }
    if (what == "put") {
        const Written put = store.put(words.at(3), words.at(4));
        return put.ok() ? 0 : fail(put, "put");
    }
    std::cerr << "no command " << what << '\n';
    return 2;
}

}  // namespace

}  // namespace parley::store_test

int main(int count, char** words) {
    try {
        return parley::store_test::run({words + 1, words + count});
    } catch (const std::exception& fault) {
        std::cerr << fault.what() << '\n';
        return 1;
    }
}
