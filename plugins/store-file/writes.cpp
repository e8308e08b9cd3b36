#include "writes.hpp"

#include <set>

#include "documents.hpp"

namespace parley::store_file {

using sdk::view;

namespace {

// Names the files of a call while more than one of them is being replaced:
//   <temporary file, or - for a removal> <file>
constexpr std::string_view kPlan = ".parley/batch";

constexpr uint64_t kPlanBytesMax = 256 * 1024 * 1024;

constexpr std::string_view kRemoval = "-";

}  // namespace

void Writes::write(std::span<const parley_write* const> writes,
                   sdk::Cancel cancel,
                   parley_written& out,
                   std::span<uint64_t> revisions) {
    check_all(writes, out);
    const int64_t sequence = follower_.next_sequence();
    std::vector<Step> steps;
    std::vector<Change> changes;
    try {
        for (std::size_t i = 0; i < writes.size(); ++i) {
            cancel.check();
            const std::size_t steps_before = steps.size();
            Change change = prepare(*writes[i], sequence, steps);
            revisions[i] = change.revision;
            if (steps.size() != steps_before) changes.push_back(std::move(change));
        }
        if (!changes.empty()) follower_.reserve(changes);
    } catch (...) {
        drop(steps);
        throw;
    }
    try {
        take(steps);
        if (!changes.empty()) follower_.append(changes, sequence);
    } catch (...) {
        follower_.doubt();
        throw;
    }
}

void Writes::check_all(std::span<const parley_write* const> writes, parley_written& out) const {
    for (std::size_t i = 0; i < writes.size(); ++i) {
        out.at = i;
        const auto found = find_document(folder_, view(writes[i]->key));
        sdk::check_expected(*writes[i], revision_of(found), out);
    }
    out.at = 0;
}

// Steps are added as their files come to be, so that a failure leaves none behind.
Change Writes::prepare(const parley_write& write, int64_t sequence, std::vector<Step>& steps) {
    const std::string_view key = view(write.key);
    const bool is_put = write.kind == PARLEY_WRITE_PUT;
    const std::string_view value = view(write.value);
    const auto form = sdk::form_for(value, view(write.content_type));
    Change change{std::string(key), PARLEY_REVISION_NONE};
    if (is_put) {
        const std::string file = sdk::file_of(key, form);
        folder_.make_folders_for(file);
        const Temporary made =
            folder_.write_temporary(sdk::file_text(value, view(write.content_type)), sequence);
        steps.push_back({made.name, file});
        change.revision = made.stamp.revision();
    }
    for (const auto other : {sdk::FileForm::kJson, sdk::FileForm::kEnvelope}) {
        const std::string file = sdk::file_of(key, other);
        const bool stays = is_put && other == form;
        if (!stays && folder_.stamp(file)) steps.push_back({"", file});
    }
    return change;
}

void Writes::drop(const std::vector<Step>& steps) const {
    for (const Step& step : steps) {
        if (!step.temporary.empty()) folder_.remove(step.temporary);
    }
}

void Writes::take(const std::vector<Step>& steps) {
    if (steps.size() < 2) {
        for (const Step& step : steps) {
            take_one(step);
            folder_.sync_folder_of(step.file);
        }
        return;
    }
    std::string plan;
    for (const Step& step : steps) {
        plan += step.temporary.empty() ? kRemoval : step.temporary;
        plan += ' ' + step.file + '\n';
    }
    try {
        folder_.replace(kPlan, plan);
    } catch (...) {
        // As long as it is not there, nothing has happened yet.
        if (!is_unfinished()) drop(steps);
        throw;
    }
    finish();
}

void Writes::take_one(const Step& step) {
    if (step.temporary.empty()) {
        folder_.remove(step.file);
    } else {
        folder_.move(step.temporary, step.file);
    }
}

bool Writes::is_unfinished() const {
    return folder_.stamp(kPlan).has_value();
}

void Writes::finish() {
    const auto plan = folder_.read(kPlan, kPlanBytesMax);
    if (!plan) return;
    std::vector<std::string> files;
    for (std::string_view rest = plan->text; !rest.empty();) {
        const std::string_view line = rest.substr(0, rest.find('\n'));
        rest.remove_prefix(line.size() + 1);
        const std::size_t space = line.find(' ');
        Step step{std::string(line.substr(0, space)), std::string(line.substr(space + 1))};
        if (step.temporary == kRemoval) step.temporary.clear();
        files.push_back(step.file);
        // What was moved before a crash is not there any more.
        if (step.temporary.empty() || folder_.stamp(step.temporary)) take_one(step);
    }
    for (const std::string& file : files) folder_.sync_folder_of(file);
    folder_.remove(kPlan);
    folder_.sync_folder_of(kPlan);
}

}  // namespace parley::store_file
