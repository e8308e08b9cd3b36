#include "live/plugins.hpp"

#include <algorithm>
#include <climits>
#include <filesystem>
#include <set>

#include "base/log.hpp"
#include "live/rehearsal.hpp"
#include "plugins/text.hpp"

namespace parley::live {

using base::LogLevel;
using plugins::Catalogue;

namespace {

constexpr std::uint64_t kTickMs = 200;
// Of the libraries that went, so many are remembered.
constexpr std::size_t kDeparturesMax = 256;
constexpr std::size_t kWhyBytesMax = 64 * 1024;

std::string in_words(const std::vector<config::Fault>& faults) {
    std::string all;
    for (const config::Fault& fault : faults) {
        all += (all.empty() ? "" : "; ") + fault.where + (fault.where.empty() ? "" : ": ");
        all += fault.message;
    }
    return all;
}

// The plugins for which the two have different libraries.
std::vector<std::string> differing(const Catalogue& a, const Catalogue& b) {
    std::set<std::string> ids;
    for (const Catalogue* each : {&a, &b}) {
        for (const auto& library : each->libraries()) ids.insert(library->manifest().id);
    }
    std::vector<std::string> found;
    for (const std::string& id : ids) {
        if (a.library_of(id) != b.library_of(id)) found.push_back(id);
    }
    return found;
}

void log_refusals(const Catalogue& before, const Catalogue& now) {
    for (const Catalogue::File& file : now.files()) {
        if (file.refusal.empty()) continue;
        const auto& known = before.files();
        const bool is_told = std::any_of(known.begin(), known.end(), [&](const auto& old) {
            return old.path == file.path && old.look == file.look && old.refusal == file.refusal;
        });
        if (is_told) continue;
        base::log(LogLevel::error,
                  "plugin refused",
                  {{"file", file.path},
                   {"why", file.refusal},
                   {"serves", file.library == nullptr ? "nothing" : file.library->sha256()}});
    }
}

}  // namespace

plugins::LoadOptions heard(plugins::LoadOptions options,
                           const std::shared_ptr<Departures>& departures) {
    options.unloaded = [departures](const plugins::Unloaded& unloaded) {
        if (departures->is_end) return;
        base::log(unloaded.gone ? LogLevel::info : LogLevel::warn,
                  unloaded.gone ? "plugin unloaded" : "plugin pinned",
                  {{"plugin", unloaded.id}, {"sha256", unloaded.sha256}, {"why", unloaded.pinned}});
        departures->all.push_back(unloaded);
        if (departures->all.size() > kDeparturesMax) departures->all.erase(departures->all.begin());
    };
    return options;
}

Plugins::Plugins(House& house,
                 OptionsOf options_of,
                 FoldersOf folders_of,
                 std::shared_ptr<Departures> departures)
    : house_(house),
      options_of_(std::move(options_of)),
      folders_of_(std::move(folders_of)),
      departures_(std::move(departures)),
      tick_(house.control().deadlines(),
            this,
            [](void* self) { static_cast<Plugins*>(self)->look_again(); }),
      folders_(house.control(), [this] { look(); }) {
    for (const auto& library : present().libraries()) generations_[library->manifest().id] = 1;
    follow();
    look();  // what came between the first look and the watch
}

void Plugins::follow() {
    const config::Plugins& config = house_.inputs().config.plugins;
    if (!config.watch) return folders_.watch({}, {});
    folders_.watch(folders_of_(house_.inputs().config),
                   {config.limits.quiet_ms, config.limits.wait_max_ms});
    if (folders_.fault().empty()) return;
    base::log(LogLevel::warn, "plugin folders cannot be watched", {{"why", folders_.fault()}});
}

Catalogue Plugins::scan() const {
    const config::Config& config = house_.inputs().config;
    Catalogue next = Catalogue::scan(folders_of_(config), options_of_(config), &present(), wishes_);
    for (const auto& [id, library] : rolled_back_to_) {
        if (next.library_of(id) == nullptr) next = next.served_by(library);
    }
    return next;
}

void Plugins::look() {
    Catalogue next = scan();
    log_refusals(present(), next);
    take_over(next);
}

// Together, so that a provider and its dialect may come in one go; where that fails, each plugin by
// itself.
void Plugins::take_over(const Catalogue& next) {
    const Catalogue before = present();
    const std::vector<std::string> ids = differing(before, next);
    const auto faults = ids.empty() ? std::vector<config::Fault>() : change(next);
    if (ids.size() == 1 && !faults.empty()) keep(next, ids.front(), faults);
    if (ids.size() > 1 && !faults.empty()) take_over_one_by_one(next, ids);
    if (ids.empty() || !faults.empty()) note_files(next, ids);
    settle(before, present());
}

void Plugins::take_over_one_by_one(const Catalogue& next, const std::vector<std::string>& ids) {
    for (const std::string& id : ids) {
        const auto faults = change(present().with(next, id));
        if (!faults.empty()) keep(next, id, faults);
    }
}

// What serves so far goes on.
void Plugins::keep(const Catalogue& next,
                   const std::string& id,
                   const std::vector<config::Fault>& faults) {
    const std::string why = in_words(faults);
    const auto old = present().library_of(id);
    base::log(LogLevel::error,
              "plugin refused",
              {{"plugin", id}, {"why", why}, {"serves", old ? old->sha256() : "nothing"}});
    house_.note(std::make_shared<Catalogue>(present().kept(next, id, why)));
}

void Plugins::note_files(const Catalogue& next, const std::vector<std::string>& ids) {
    // What became of files that changed nothing.
    Catalogue seen = next;
    for (const std::string& id : ids) seen = seen.with(present(), id);
    house_.note(std::make_shared<Catalogue>(std::move(seen)));
}

std::vector<config::Fault> Plugins::change(Catalogue next) {
    const std::size_t most = house_.inputs().config.plugins.limits.pinned_max;
    for (const std::string& id : differing(present(), next)) {
        if (next.library_of(id) == nullptr || pinned(id) < most) continue;
        return {{{},
                 id,
                 std::to_string(pinned(id)) +
                     " generations of it could not be unloaded (plugins.pinned_max); "
                     "restart parley"}};
    }
    Inputs inputs = house_.inputs();
    inputs.catalogue = std::make_shared<Catalogue>(std::move(next));
    return house_.change(std::move(inputs));
}

// What has come serves, what has gone may be asked back, and what that was before goes for good.
void Plugins::settle(const Catalogue& before, const Catalogue& now) {
    for (const std::string& id : differing(before, now)) {
        const LibraryPtr old = before.library_of(id);
        const LibraryPtr fresh = now.library_of(id);
        drain(old);
        if (fresh != nullptr) {
            if (old != nullptr) keep_for_a_restart(*old);
            base::log(LogLevel::info,
                      "plugin taken over",
                      {{"plugin", id},
                       {"version", fresh->manifest().version},
                       {"sha256", fresh->sha256()},
                       {"generation", ++generations_[id]}});
        } else {
            base::log(LogLevel::info, "plugin gone", {{"plugin", id}});
        }
        const auto target = rolled_back_to_.find(id);
        if (target != rolled_back_to_.end() && target->second != fresh)
            rolled_back_to_.erase(target);
        LibraryPtr& previous = previous_[id];
        if (previous != nullptr && previous != fresh) leave(std::move(previous));
        previous = fresh == nullptr ? nullptr : old;
        if (fresh == nullptr) leave(old);
    }
}

// What has served well serves again when what came after it has crashed too often.
void Plugins::keep_for_a_restart(const plugins::Library& library) const {
    const plugins::LoadOptions options = options_of_(house_.inputs().config);
    if (!options.quarantined(library.sha256()).empty()) return;
    std::error_code fault;
    std::filesystem::create_directory(options.served_before, fault);
    std::filesystem::permissions(options.served_before, std::filesystem::perms::owner_all, fault);
    if (const auto saved = library.save_to(options.served_before); !saved) {
        base::log(LogLevel::warn,
                  "what served before is not kept",
                  {{"plugin", library.manifest().id}, {"why", saved.error().message}});
    }
}

// ---- as an operator wants it ----

Plugins::Done Plugins::load(const std::string& file) {
    auto judged = plugins::Library::judge(file, options_of_(house_.inputs().config));
    if (!judged) return judged.error();
    const std::string id = judged->manifest.id;
    const std::string sha256 = judged->info.sha256;
    const auto time_max = Rehearsal::time_max(house_.inputs().config);
    if (std::string why = Rehearsal::attempt(std::move(*judged), time_max); !why.empty()) {
        return base::gateway_error(PARLEY_E_CONFLICT, "plugin " + id + ": " + std::move(why));
    }
    wishes_.disabled.erase(id);
    wishes_.held_back.erase(sha256);
    const bool is_known = std::any_of(present().files().begin(),
                                      present().files().end(),
                                      [&](const auto& known) { return known.path == file; });
    if (!is_known) wishes_.beside.push_back(file);
    house_.note(std::make_shared<Catalogue>(present().to_be_judged_again(file)));
    look();
    const auto serves = present().library_of(id);
    if (serves != nullptr && serves->sha256() == sha256) return {};
    std::string why = "plugin " + id + ": ";
    for (const auto& known : present().files()) {
        if (known.path == file) why += known.refusal + known.aside;
    }
    return base::gateway_error(PARLEY_E_CONFLICT, why);
}

Plugins::Done Plugins::roll_back(const std::string& id) {
    const auto previous = previous_.find(id);
    if (previous == previous_.end() || previous->second == nullptr) {
        return base::client_error(PARLEY_E_NOT_FOUND,
                                  "plugin " + id + ": there is no generation before this one");
    }
    const LibraryPtr target = previous->second;
    const Catalogue before = present();
    const LibraryPtr old = before.library_of(id);
    if (auto faults = change(before.served_by(target)); !faults.empty()) {
        return base::gateway_error(PARLEY_E_CONFLICT, "plugin " + id + ": " + in_words(faults));
    }
    if (old != nullptr) wishes_.held_back.insert(old->sha256());
    rolled_back_to_[id] = target;
    settle(before, present());
    return {};
}

Plugins::Done Plugins::disable(const std::string& id) {
    const LibraryPtr serves = present().library_of(id);
    if (serves == nullptr) {
        return base::client_error(PARLEY_E_NOT_FOUND, "plugin " + id + ": it does not serve");
    }
    wishes_.disabled.insert(id);
    rolled_back_to_.erase(id);
    look();
    if (present().library_of(id) == nullptr) return {};
    wishes_.disabled.erase(id);
    std::string why = "plugin " + id + ": it is still needed";
    for (const auto& file : present().files()) {
        if (file.id == id && !file.refusal.empty()) why += ": " + file.refusal;
    }
    return base::client_error(PARLEY_E_CONFLICT, why);
}

// ---- those that leave ----

std::size_t Plugins::pinned(const std::string& id) const {
    return static_cast<std::size_t>(
        std::count_if(departures_->all.begin(), departures_->all.end(), [&](const auto& unloaded) {
            return unloaded.id == id && !unloaded.gone;
        }));
}

void Plugins::leave(LibraryPtr library) {
    if (library == nullptr) return;
    leaving_.push_back({std::move(library)});
    if (!tick_.is_set()) tick_.set(kTickMs);
}

void Plugins::drain(const LibraryPtr& library) {
    if (library == nullptr) return;
    house_.control().wake();
    draining_.push_back({library, house_.control().now_ms()});
    if (!tick_.is_set()) tick_.set(kTickMs);
}

void Plugins::look_again() {
    const std::uint64_t now_ms = house_.control().now_ms();
    look_at_draining(now_ms);
    look_at_leaving(now_ms);
    if (!draining_.empty() || !leaving_.empty()) tick_.set(kTickMs);
}

// Exchanges end by themselves, each at its own limits, or here.
void Plugins::look_at_draining(std::uint64_t now_ms) {
    const std::uint64_t drain_ms = house_.inputs().config.plugins.limits.drain_ms;
    const auto is_over = [&](Draining& each) {
        const LibraryPtr library = each.library.lock();
        if (library == nullptr || present().library_of(library->manifest().id) == library)
            return true;
        const std::uint64_t count = house_.exchanges_with(*library);
        if (count == 0 || each.is_told || drain_ms == 0) return count == 0;
        if (now_ms < each.since_ms + drain_ms) return false;
        each.is_told = true;
        const std::string& id = library->manifest().id;
        base::log(LogLevel::warn,
                  "exchanges with a plugin that was replaced are ended (plugins.drain_ms)",
                  {{"plugin", id}, {"sha256", library->sha256()}, {"exchanges", count}});
        auto why = base::gateway_error(
            PARLEY_E_OVERLOADED,
            "plugin " + id + " was replaced, and plugins.drain_ms are over; ask again");
        why.code = "drained";
        house_.end_exchanges_with(*library, why);
        return false;
    };
    std::erase_if(draining_, is_over);
}

// A library is used by its instances, those by Worlds, and those by exchanges. Once nobody has it
// but this list nobody can get it any more.
void Plugins::look_at_leaving(std::uint64_t now_ms) {
    const std::uint64_t cool_ms = house_.inputs().config.plugins.limits.cool_ms;
    for (Leaving& each : leaving_) {
        if (each.idle_ms == 0 && each.library.use_count() == 1) each.idle_ms = now_ms;
    }
    std::erase_if(leaving_, [&](const Leaving& each) {
        return each.idle_ms != 0 && now_ms >= each.idle_ms + cool_ms;
    });
}

boost::json::array Plugins::draining() const {
    const std::uint64_t drain_ms = house_.inputs().config.plugins.limits.drain_ms;
    house_.control().wake();
    const std::uint64_t now_ms = house_.control().now_ms();
    boost::json::array rows;
    for (const Draining& each : draining_) {
        const LibraryPtr library = each.library.lock();
        const std::uint64_t count = library == nullptr ? 0 : house_.exchanges_with(*library);
        if (count == 0) continue;
        boost::json::object row{{"plugin", library->manifest().id},
                                {"sha256", library->sha256()},
                                {"exchanges", count},
                                {"since_ms", now_ms - each.since_ms}};
        const std::uint64_t end_ms = each.since_ms + drain_ms;
        if (drain_ms != 0) row["left_ms"] = end_ms > now_ms ? end_ms - now_ms : 0;
        rows.push_back(std::move(row));
    }
    return rows;
}

boost::json::object Plugins::status() const {
    namespace json = boost::json;
    json::array files;
    for (const auto& file : present().files()) {
        const bool serves = file.library != nullptr;
        // Names of files are any bytes.
        json::object row{{"file", plugins::printable(file.path, PATH_MAX)},
                         {"plugin", file.id},
                         {"version", serves ? file.library->manifest().version : file.version},
                         {"sha256", serves ? file.library->sha256() : file.sha256},
                         {"serves", serves}};
        if (!file.refusal.empty()) row["refused"] = plugins::printable(file.refusal, kWhyBytesMax);
        if (!file.aside.empty()) row["aside"] = plugins::printable(file.aside, kWhyBytesMax);
        if (const auto known = generations_.find(file.id); serves && known != generations_.end()) {
            row["generation"] = known->second;
        }
        const auto previous = previous_.find(file.id);
        const bool can_go_back = previous != previous_.end() && previous->second != nullptr;
        if (serves && can_go_back) row["before"] = previous->second->sha256();
        files.push_back(std::move(row));
    }
    json::array leaving;
    for (const Leaving& each : leaving_) {
        leaving.push_back({{"plugin", each.library->manifest().id},
                           {"sha256", each.library->sha256()},
                           {"state", each.idle_ms == 0 ? "in use" : "cooling"}});
    }
    json::array pinned;
    std::uint64_t unloaded = 0;
    for (const auto& departed : departures_->all) {
        unloaded += departed.gone ? 1 : 0;
        if (departed.gone) continue;
        pinned.push_back(
            {{"plugin", departed.id}, {"sha256", departed.sha256}, {"why", departed.pinned}});
    }
    return {{"files", std::move(files)},
            {"draining", draining()},
            {"leaving", std::move(leaving)},
            {"unloaded", unloaded},
            {"pinned", std::move(pinned)}};
}

}  // namespace parley::live
