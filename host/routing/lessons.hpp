// routing/lessons.hpp: what refusals of upstreams have taught about their models.
//
// Traits that were learnt lie over those that are known of a model (traits.hpp), at the provider
// where they were learnt, and for a while only: models change, and so may a guess be wrong twice.
// Bounded by entries, bytes and time; the oldest lesson goes first. Any thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <list>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "config/limits.hpp"

namespace parley::routing {

// "sampling_ok is false and max_output is 8192"; empty for what is no JSON object with members.
std::string in_words(std::string_view traits);

// A JSON object, or an empty text, with the members of another over it.
std::string laid_over(std::string traits, std::string_view more);

class Lessons {
public:
    explicit Lessons(const config::LessonLimits& limits) : limits_(limits) {}

    // What was learnt already stays for as long as it was to be kept then.
    void change(const config::LessonLimits& limits);

    // Remembers `traits`, a JSON object, of a provider's model. False when all of it was known.
    // `now_ms` is monotonic.
    bool learn(std::string_view provider,
               std::string_view model,
               std::string_view traits,
               std::uint64_t now_ms);

    // What is remembered, as a JSON object; empty when there is nothing, or nothing any more.
    // Costs no lock as long as nothing was learnt of any model.
    std::string of(std::string_view provider, std::string_view model, std::uint64_t now_ms);

    std::size_t bytes() const;

private:
    struct Entry {
        std::string key;
        std::string traits;
        std::uint64_t until_ms = 0;

        std::size_t bytes() const { return sizeof(Entry) + key.size() + traits.size(); }
    };

    using Entries = std::list<Entry>;  // the latest lesson comes first

    // What is remembered under the key, and not too old.
    std::string known(const std::string& key, std::uint64_t now_ms);
    void put(Entry entry);
    void drop(Entries::iterator entry);

    std::atomic<bool> empty_ = true;
    mutable std::mutex mutex_;
    config::LessonLimits limits_;
    Entries entries_;
    std::unordered_map<std::string_view, Entries::iterator> by_key_;
    std::size_t bytes_ = 0;
};

}  // namespace parley::routing
