#include "pipeline/stash.hpp"

namespace parley::pipeline {

namespace {

std::string key_of(std::string_view caller, std::string_view call_id) {
    std::string key(caller);
    key += '\0';
    key += call_id;
    return key;
}

}  // namespace

std::size_t Stashed::bytes() const {
    std::size_t size = sizeof(Stashed) + seal.data.size() + seal.family.size() + seal.model.size() +
                       seal.place.size();
    for (const Section& section : sections) size += sizeof(Section) + section.text.size();
    return size;
}

void Stash::put(std::string_view caller,
                std::string_view call_id,
                std::vector<Stashed> parts,
                std::uint64_t now_ms) {
    Entry entry;
    entry.key = key_of(caller, call_id);
    entry.bytes = sizeof(Entry) + entry.key.size();
    for (const Stashed& part : parts) entry.bytes += part.bytes();
    const std::lock_guard lock(mutex_);
    if (entry.bytes > limits_.entry_bytes_max || entry.bytes > limits_.bytes_max) return;
    entry.parts = std::move(parts);
    entry.until_ms = now_ms + limits_.keep_ms;
    if (const auto same = by_key_.find(entry.key); same != by_key_.end()) drop(same->second);
    bytes_ += entry.bytes;
    entries_.push_front(std::move(entry));
    by_key_.emplace(entries_.front().key, entries_.begin());
    while (bytes_ > limits_.bytes_max || entries_.size() > limits_.entries_max) {
        drop(std::prev(entries_.end()));
    }
    while (!entries_.empty() && entries_.back().until_ms <= now_ms) drop(std::prev(entries_.end()));
}

std::vector<Stashed> Stash::find(std::string_view caller,
                                 std::string_view call_id,
                                 std::uint64_t now_ms) {
    const std::string key = key_of(caller, call_id);
    const std::lock_guard lock(mutex_);
    const auto found = by_key_.find(key);
    if (found == by_key_.end()) return {};
    const Entries::iterator entry = found->second;
    if (entry->until_ms <= now_ms) {
        drop(entry);
        return {};
    }
    entry->until_ms = now_ms + limits_.keep_ms;
    entries_.splice(entries_.begin(), entries_, entry);
    return entry->parts;
}

void Stash::change(const config::StashLimits& limits) {
    const std::lock_guard lock(mutex_);
    limits_ = limits;
}

std::size_t Stash::bytes() const {
    const std::lock_guard lock(mutex_);
    return bytes_;
}

void Stash::drop(Entries::iterator entry) {
    bytes_ -= entry->bytes;
    by_key_.erase(entry->key);
    entries_.erase(entry);
}

}  // namespace parley::pipeline
