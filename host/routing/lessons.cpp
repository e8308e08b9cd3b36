#include "routing/lessons.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

namespace parley::routing {

namespace {

std::string key_of(std::string_view provider, std::string_view model) {
    std::string key(provider);
    key += '\0';
    key += model;
    return key;
}

// Empty for what is no JSON object.
boost::json::object object_of(std::string_view json) {
    boost::system::error_code fault;
    boost::json::value value = boost::json::parse(json, fault);
    return !fault && value.is_object() ? std::move(value).as_object() : boost::json::object();
}

}  // namespace

std::string in_words(std::string_view traits) {
    std::string words;
    for (const auto& [key, value] : object_of(traits)) {
        if (!words.empty()) words += " and ";
        words += std::string(key) + " is " + boost::json::serialize(value);
    }
    return words;
}

std::string laid_over(std::string traits, std::string_view more) {
    if (more.empty()) return traits;
    boost::json::object all = object_of(traits);
    for (auto& [key, value] : object_of(more)) all.insert_or_assign(key, std::move(value));
    return boost::json::serialize(all);
}

bool Lessons::learn(std::string_view provider,
                    std::string_view model,
                    std::string_view traits,
                    std::uint64_t now_ms) {
    Entry entry;
    entry.key = key_of(provider, model);
    const std::lock_guard lock(mutex_);
    entry.until_ms = now_ms + limits_.keep_ms;
    const std::string before = known(entry.key, now_ms);
    entry.traits = laid_over(before, traits);
    if (entry.traits == before) return false;
    if (const auto same = by_key_.find(entry.key); same != by_key_.end()) drop(same->second);
    if (entry.bytes() <= limits_.bytes_max) put(std::move(entry));
    while (bytes_ > limits_.bytes_max || entries_.size() > limits_.entries_max) {
        drop(std::prev(entries_.end()));
    }
    while (!entries_.empty() && entries_.back().until_ms <= now_ms) drop(std::prev(entries_.end()));
    empty_ = entries_.empty();
    return true;
}

std::string Lessons::of(std::string_view provider, std::string_view model, std::uint64_t now_ms) {
    if (empty_.load(std::memory_order_relaxed)) return {};
    const std::string key = key_of(provider, model);
    const std::lock_guard lock(mutex_);
    return known(key, now_ms);
}

void Lessons::change(const config::LessonLimits& limits) {
    const std::lock_guard lock(mutex_);
    limits_ = limits;
}

std::size_t Lessons::bytes() const {
    const std::lock_guard lock(mutex_);
    return bytes_;
}

std::string Lessons::known(const std::string& key, std::uint64_t now_ms) {
    const auto found = by_key_.find(key);
    if (found == by_key_.end()) return {};
    if (found->second->until_ms > now_ms) return found->second->traits;
    drop(found->second);
    empty_ = entries_.empty();
    return {};
}

void Lessons::put(Entry entry) {
    bytes_ += entry.bytes();
    entries_.push_front(std::move(entry));
    by_key_.emplace(entries_.front().key, entries_.begin());
}

void Lessons::drop(Entries::iterator entry) {
    bytes_ -= entry->bytes();
    by_key_.erase(entry->key);
    entries_.erase(entry);
}

}  // namespace parley::routing
