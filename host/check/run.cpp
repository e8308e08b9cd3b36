// check/run.cpp: one check after the other, each in a child, none on what another one disproved.
#include <algorithm>
#include <set>
#include <sstream>

#include "check/check.hpp"
#include "check/child.hpp"
#include "check/trial.hpp"
#include "plugins/text.hpp"

namespace parley::check {

using plugins::Library;

namespace {

std::vector<std::string_view> words_of(std::string_view text) {
    std::vector<std::string_view> words;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find(' '), text.size());
        if (end != 0) words.push_back(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return words;
}

const Check* find(std::string_view id) {
    const auto all = checks();
    const auto at =
        std::find_if(all.begin(), all.end(), [&](const Check& c) { return c.id == id; });
    return at == all.end() ? nullptr : &*at;
}

void add_with_needs(std::string_view id, std::set<std::string_view>& wanted) {
    const Check* const check = find(id);
    if (check == nullptr || !wanted.insert(check->id).second) return;
    for (const std::string_view need : words_of(check->needs)) add_with_needs(need, wanted);
}

Outcome outcome_of(const Check& check, const Subject& subject) {
    return in_a_child(
        [&](Slate& slate) {
            Trial trial(subject, slate);
            check.run(trial);
        },
        subject.check_max);
}

}  // namespace

std::string_view name_of(Verdict verdict) {
    switch (verdict) {
        case Verdict::passed:
            return "passed";
        case Verdict::skipped:
            return "skipped";
        case Verdict::warned:
            return "warned";
        case Verdict::failed:
            break;
    }
    return "failed";
}

std::size_t Report::count(Verdict verdict) const {
    return static_cast<std::size_t>(std::count_if(
        rows.begin(), rows.end(), [&](const Row& row) { return row.outcome.verdict == verdict; }));
}

std::vector<std::string> unknown_settings(const Subject& subject) {
    const Outcome told = in_a_child(
        [&](Slate& slate) {
            Trial trial(subject, slate);
            const auto library = trial.load();
            if (library == nullptr) return;
            for (const auto& [name, value] : subject.settings) {
                const auto& all = library->components();
                const bool is_known = std::any_of(all.begin(), all.end(), [&](const auto& each) {
                    const auto schema = config::Schema::parse(each.config_schema);
                    return schema && schema->knows(name);
                });
                if (!is_known) trial.warn(name);
            }
        },
        subject.check_max);
    std::vector<std::string> names;
    if (told.verdict != Verdict::warned) return names;
    std::istringstream lines(told.text);
    for (std::string name; std::getline(lines, name);) names.push_back(name);
    return names;
}

base::Result<Report> run(const Subject& subject,
                         std::span<const std::string> only,
                         const std::function<void(const Row&)>& each) {
    Report report;
    report.file = subject.path;
    const auto info = Library::info(subject.path);
    if (!info && info.error().code == "file") return info.error();
    if (info) {
        report.sha256 = info->sha256;
        if (const auto& manifest = info->findings.manifest) {
            report.plugin = manifest->id + ' ' + manifest->version;
        }
    }
    std::set<std::string_view> wanted;
    for (const std::string& id : only) add_with_needs(id, wanted);
    std::set<std::string_view> stopped;  // failed, or stand on what failed
    for (const Check& check : checks()) {
        if (!only.empty() && wanted.count(check.id) == 0) continue;
        Row row{std::string(check.id), std::string(check.title), {}, {}, 0};
        const auto needs = words_of(check.needs);
        const auto broken = std::find_if(needs.begin(), needs.end(), [&](std::string_view id) {
            return stopped.count(id) != 0;
        });
        const auto begin = std::chrono::steady_clock::now();
        if (broken != needs.end()) {
            row.outcome = {Verdict::skipped, "stands on " + std::string(*broken)};
            stopped.insert(check.id);
        } else {
            row.outcome = outcome_of(check, subject);
        }
        const auto took = std::chrono::steady_clock::now() - begin;
        row.took_ms = std::chrono::duration_cast<std::chrono::milliseconds>(took).count();
        if (row.outcome.verdict == Verdict::failed) stopped.insert(check.id);
        if (row.outcome.verdict >= Verdict::warned) row.cure = check.cure;
        if (each) each(row);
        report.rows.push_back(std::move(row));
    }
    return report;
}

}  // namespace parley::check
